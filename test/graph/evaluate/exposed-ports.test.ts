import { expect, test } from 'vitest'
import { exposedPorts, parsePort } from '../../../lib/graph/evaluate/exposed-ports.ts'

test.each([
  ['80', ['80/tcp']],
  ['80/UDP', ['80/udp']],
  ['80/', ['80/tcp']],
  ['8000-8002/sctp', ['8000/sctp', '8001/sctp', '8002/sctp']],
  ['9000:80', ['80/tcp']],
  ['127.0.0.1:9000:80/tcp', ['80/tcp']],
  ['[::1]:9000:80', ['80/tcp']],
  ['9000-9010:80', ['80/tcp']],
  ['0', ['0/tcp']],
])('%s exposes %j', (word, ports) => {
  expect(exposedPorts(parsePort(word))).toEqual(ports)
})

test.each(['', 'http', '80/icmp', '65536', '-1', '90-80', '1-2:3-5', 'nohost:1:80', '80-', '/tcp'])(
  '%j is refused',
  (word) => {
    expect(() => exposedPorts(parsePort(word))).toThrow(expect.objectContaining({ code: 'INSTRUCTION_ARGUMENTS' }))
  },
)
