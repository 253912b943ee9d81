/**
 * The content of a step's /etc/hosts, as BuildKit writes it: localhost, the host name, and the hosts of `--add-host`.
 */
export function hostsFile(
  hostname: string,
  extraHosts: readonly { readonly host: string; readonly address: string }[],
): string {
  const lines = [`127.0.0.1\tlocalhost ${hostname}`, '::1\tlocalhost ip6-localhost ip6-loopback']
  for (const { host, address } of extraHosts) lines.push(`${address}\t${host}`)
  return `${lines.join('\n')}\n`
}
