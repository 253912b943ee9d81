import { isIP } from 'node:net'
import { TsbuildError } from '../../base/errors.ts'

/**
 * The ports that one word of EXPOSE names, as `port/protocol`. A host part (`[ip:]host:`) is checked and dropped, a range gives
 * every port in it, the protocol is tcp unless given. Errors with `INSTRUCTION_ARGUMENTS`.
 */
export function exposedPorts(word: string): string[] {
  const parts = word.split(':')
  const container = parts.at(-1) ?? ''
  const host = parts.at(-2) ?? ''
  const ip = parts.slice(0, -2).join(':')
  const slash = container.indexOf('/')
  const range = slash === -1 ? container : container.slice(0, slash)
  const protocol = (slash === -1 ? '' : container.slice(slash + 1)).toLowerCase() || 'tcp'
  if (range === '') throw invalid(word, 'no port is given')
  if (!['tcp', 'udp', 'sctp'].includes(protocol))
    throw invalid(word, `the protocol must be tcp, udp or sctp, not "${protocol}"`)
  if (ip !== '' && isIP(ip.replace(/^\[(.*)\]$/, '$1')) === 0) throw invalid(word, `"${ip}" is not an IP address`)
  const [first, last] = portRange(word, range)
  if (host !== '') {
    const [hostFirst, hostLast] = portRange(word, host)
    if (last - first !== hostLast - hostFirst && last !== first) throw invalid(word, 'the two ranges differ in length')
  }
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`)
}

function portRange(word: string, range: string): [number, number] {
  const dash = range.indexOf('-')
  const first = portNumber(word, dash === -1 ? range : range.slice(0, dash))
  const last = dash === -1 ? first : portNumber(word, range.slice(dash + 1))
  if (last < first) throw invalid(word, `the range ${range} runs backwards`)
  return [first, last]
}

function portNumber(word: string, text: string): number {
  const port = /^[+-]?[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(port >= 0 && port <= 65535)) throw invalid(word, `"${text}" is not a port between 0 and 65535`)
  return port
}

function invalid(word: string, reason: string): TsbuildError {
  return new TsbuildError('INSTRUCTION_ARGUMENTS', `invalid port ${JSON.stringify(word)}: ${reason}`, {
    hint: 'write PORT, PORT/udp or FIRST-LAST/tcp, e.g. EXPOSE 8080/tcp',
  })
}
