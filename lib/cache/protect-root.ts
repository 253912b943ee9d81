// A store belongs to one user: others can neither read private images in it, nor plant results of builds.
import { chmodSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { storeIO } from './store-file.ts'

/** The permissions of the group and of others. */
const FOREIGN = 0o077

/** Errors with `STORE_OWNER` if another user owns a store. Root may use the store of any user. */
export function refuseForeignOwner(root: string): void {
  const user = process.geteuid?.()
  const { uid } = storeIO(`reading ${JSON.stringify(root)}`, () => statSync(root))
  if (user === undefined || user === 0 || uid === user) return
  const message = `the store ${JSON.stringify(root)} belongs to another user: to user id ${uid}, not to ${user}`
  throw new TsbuildError('STORE_OWNER', message, { hint: 'set TSBUILD_HOME to a directory of your own' })
}

/** Takes the permissions of the group and of others away from a store, if it has them. */
export function tightenModes(root: string): void {
  storeIO(`protecting the store ${JSON.stringify(root)}`, () => {
    // Windows has other means.
    if (process.platform === 'win32' || (statSync(root).mode & FOREIGN) === 0) return
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
