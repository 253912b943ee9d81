import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, TsbuildError } from '../../base/errors.ts'
import { objectAt } from '../../oci/guard.ts'
import { readAuthFile } from './find-auth-files.ts'
import { parseAuthJson } from './parse-auth-file.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * Changes the `auths` of a credentials file and keeps the rest of it. Writes a temporary file with mode 0600 and
 * renames it, so that nobody reads half a file, or one that others may read. A symlink stays one. Errors with
 * `CREDENTIALS_INVALID`.
 */
export function editAuthFile(path: string, edit: (auths: Members) => Members): void {
  const name = JSON.stringify(path)
  const bytes = readAuthFile(path)
  const location = { code: 'CREDENTIALS_INVALID', what: name, path: '' } as const
  const all = bytes ? objectAt(parseAuthJson(bytes, name), location) : {}
  const auths = all['auths'] === undefined ? {} : objectAt(all['auths'], { ...location, path: 'auths' })
  const text = `${JSON.stringify({ ...all, auths: edit(auths) }, undefined, '\t')}\n`
  try {
    const target = bytes ? realpathSync(path) : path
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    replace(target, text)
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError('CREDENTIALS_INVALID', `${name} can't be written: ${reason}`, { cause })
  }
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600 })
    // The umask may have cleared bits.
    chmodSync(temporary, 0o600)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
