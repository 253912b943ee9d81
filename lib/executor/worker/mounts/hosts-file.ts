// The files that the network needs inside of a step.
import { readFileSync } from 'node:fs'
import { hasErrno } from '../../../base/errno.ts'

/** /etc/hosts as BuildKit writes it. */
export function hostsFile(
  hostname: string,
  extra: readonly { readonly host: string; readonly address: string }[],
): string {
  const lines = [`127.0.0.1\tlocalhost ${hostname}`, '::1\tlocalhost ip6-localhost ip6-loopback']
  for (const { host, address } of extra) lines.push(`${address}\t${host}`)
  return `${lines.join('\n')}\n`
}

/** The host's own: steps share its network, so a resolver on the loopback address is theirs too. Empty where there is none. */
export function resolvConf(): Uint8Array {
  try {
    return readFileSync('/etc/resolv.conf')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return new Uint8Array()
    throw error
  }
}
