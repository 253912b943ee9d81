import { readFileSync } from 'node:fs'
import { hasErrno } from '../../../base/errno.ts'

/**
 * The content of a step's /etc/resolv.conf: the host's, since steps share its network and its loopback address. Empty
 * where there is none.
 */
export function resolvConf(): Uint8Array {
  try {
    return readFileSync('/etc/resolv.conf')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return new Uint8Array()
    throw error
  }
}
