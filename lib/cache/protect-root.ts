// A store belongs to one user: others can neither read private images in it, nor plant results of builds.
import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { storeIO } from './atomic-files.ts'

/** The permissions of the group and of others. */
const FOREIGN = 0o077

/**
 * Errors with `STORE_OWNER` if another user owns a store. Root may use the store of any user. The directory itself may
 * be root's, as the volumes of a pod are, if all in it is the user's.
 */
export function refuseForeignOwner(root: string): void {
  const user = process.geteuid?.()
  if (user === undefined || user === 0) return
  const uid = storeIO(`reading ${JSON.stringify(root)}`, () => foreignOwner(root, user))
  if (uid === undefined) return
  const message = `the store ${JSON.stringify(root)} belongs to another user: to user id ${uid}, not to ${user}`
  throw new TsbuildError('STORE_OWNER', message, { hint: 'set TSBUILD_HOME to a directory of your own' })
}

function foreignOwner(root: string, user: number): number | undefined {
  const { uid } = statSync(root)
  if (uid === user) return undefined
  if (uid !== 0) return uid
  return readdirSync(root)
    .map((name) => lstatSync(join(root, name)).uid)
    .find((owner) => owner !== user)
}

/** Takes the permissions of the group and of others away from a store, if it has them. */
export function tightenModes(root: string): void {
  storeIO(`protecting the store ${JSON.stringify(root)}`, () => {
    const { mode, uid } = statSync(root)
    // Windows has other means. Only the owner can change the modes of a directory, and a volume is root's.
    if (process.platform === 'win32' || (mode & FOREIGN) === 0 || ![0, uid].includes(process.geteuid?.() ?? 0)) return
    for (const name of readdirSync(root)) tighten(join(root, name), { deep: name !== SANDBOX })
    // The root comes last: a store whose tightening was interrupted is tightened again.
    tighten(root, { deep: false })
  })
}

/** The directory of RUN: the modes in it are those of images. */
const SANDBOX = 'sandbox'

function tighten(path: string, { deep }: { readonly deep: boolean }): void {
  const stat = lstatSync(path)
  if (!stat.isDirectory() && !stat.isFile()) return
  if (deep && stat.isDirectory()) for (const name of readdirSync(path)) tighten(join(path, name), { deep })
  if ((stat.mode & FOREIGN) !== 0) chmodSync(path, stat.mode & 0o7700)
}
