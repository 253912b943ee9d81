import { isIP } from 'node:net'
import { TsbuildError } from '../../base/errors.ts'

/** A word of EXPOSE, in its parts. The parts that are not written are empty, the protocol is tcp then. */
export interface PortSpec {
  readonly text: string
  /** The address and the port of the host. EXPOSE has no use for them. */
  readonly ip: string
  readonly hostPort: string
  /** A number or a range. */
  readonly port: string
  /** As it is written. */
  readonly protocol: string
}

/**
 * Splits `[ip:][hostPort:]port[/protocol]`. Errors with `INSTRUCTION_ARGUMENTS` where there is no port, or no
 * such protocol.
 */
export function parsePort(text: string): PortSpec {
  const parts = text.split(':')
  const container = parts.at(-1) ?? ''
  const slash = container.indexOf('/')
  const port = slash === -1 ? container : container.slice(0, slash)
  const protocol = (slash === -1 ? '' : container.slice(slash + 1)) || 'tcp'
  if (port === '') throw invalid(text, 'no port is given')
  if (!['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase())) {
    throw invalid(text, `the protocol must be tcp, udp or sctp, not ${JSON.stringify(protocol)}`)
  }
  return { text, ip: parts.slice(0, -2).join(':'), hostPort: parts.at(-2) ?? '', port, protocol }
}

/**
 * The ports of a word, as `port/protocol`: of a range every port in it. The host's part is checked and dropped.
 * Errors with `INSTRUCTION_ARGUMENTS`.
 */
export function exposedPorts({ text, ip, hostPort, port, protocol }: PortSpec): string[] {
  if (ip !== '' && isIP(ip.replace(/^\[(.*)\]$/, '$1')) === 0) throw invalid(text, `"${ip}" is not an IP address`)
  const [first, last] = portRange(text, port)
  if (hostPort !== '') {
    const [hostFirst, hostLast] = portRange(text, hostPort)
    if (last - first !== hostLast - hostFirst && last !== first) throw invalid(text, 'the two ranges differ in length')
  }
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol.toLowerCase()}`)
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
