import { execFileSync } from 'node:child_process'
import type { Entry } from '../entry.ts'

/**
 * Makes a fifo or device on the host with `mknod`, as Node.js has no call for it. Returns whether that worked:
 * devices other than a whiteout (0/0) need root, and some systems have no `mknod`.
 */
export function makeNode(entry: Entry, path: string): boolean {
  const type = { fifo: 'p', character: 'c', block: 'b' }[entry.type as string]
  if (type === undefined) return false
  const numbers = type === 'p' ? [] : [String(entry.devMajor ?? 0), String(entry.devMinor ?? 0)]
  try {
    execFileSync('mknod', ['-m', '600', '--', path, type, ...numbers], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
