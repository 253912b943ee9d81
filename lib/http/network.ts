import { BlockList, isIP } from 'node:net'

/** Whether a host is an address in a network such as `10.0.0.0/8`. False for host names and invalid networks. */
export function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/')
  const version = isIP(address)
  if (version === 0 || isIP(host) !== version || !/^\d{1,3}$/.test(bits)) return false
  const prefix = Number(bits)
  if (prefix > (version === 4 ? 32 : 128)) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, prefix, family)
  return list.check(host, family)
}
