import { readFileSync, statSync } from 'node:fs'
import { TsbuildError } from '../../base/errors.ts'
import { toFsPath } from '../../layers/paths/path-bytes.ts'
import type { AccountFiles } from '../accounts.ts'
import { resolveInRoot } from './root/resolve-in-root.ts'

/** Bytes of an account file at most, as in BuildKit. */
const ACCOUNT_FILE_LIMIT = 10 * 1024 * 1024

/** Reads the account files of a root. Errors with `RUN_USER_UNKNOWN` for one that is too large. */
export function readAccountFiles(root: string): AccountFiles {
  return { passwd: readText(root, '/etc/passwd'), group: readText(root, '/etc/group') }
}

function readText(root: string, path: string): string | undefined {
  const file = toFsPath(`${root}/${resolveInRoot(root, path)}`)
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) return undefined
  if (stat.size > ACCOUNT_FILE_LIMIT)
    throw new TsbuildError('RUN_USER_UNKNOWN', `${path} is larger than ${ACCOUNT_FILE_LIMIT} bytes`)
  return readFileSync(file, 'utf8')
}
