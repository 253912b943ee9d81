// Members for sparse files with arbitrary maps, which are not checked. Tests of valid sparse files use GNU tar itself.
const BLOCK = 512

/** A member of GNU tar's old type `S`: up to four pairs in the header, others in blocks of 21. */
export function gnuSparseMember(name: string, size: number, numbers: readonly number[], data: Buffer): Buffer {
  const block = header(name, 'S', data.length)
  block.write('ustar  \0', 257, 'latin1')
  fill(block, 386, numbers.slice(0, 8))
  block[482] = numbers.length > 8 ? 1 : 0
  octal(block, 483, size)
  const more: Buffer[] = []
  for (let at = 8; at < numbers.length; at += 42) {
    const next = Buffer.alloc(BLOCK)
    fill(next, 0, numbers.slice(at, at + 42))
    next[504] = at + 42 < numbers.length ? 1 : 0
    more.push(next)
  }
  return Buffer.concat([withChecksum(block), ...more, padded(data)])
}

/** A member with pax records before it. */
export function paxMember(name: string, records: readonly (readonly [string, string])[], data: Buffer): Buffer {
  const body = Buffer.from(records.map(([key, value]) => record(key, value)).join(''), 'latin1')
  return Buffer.concat([
    withChecksum(header('pax', 'x', body.length)),
    padded(body),
    withChecksum(header(name, '0', data.length)),
    padded(data),
  ])
}

/** The pax form 1.0: the map before the data. `map` are the lines as they are. */
export function paxSparseMember(name: string, size: number, map: readonly (number | string)[], data: Buffer): Buffer {
  const records = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', name],
    ['GNU.sparse.realsize', String(size)],
  ] as const
  const lines = padded(Buffer.from(map.map((line) => `${line}\n`).join('')))
  return paxMember('GNUSparseFile.0/x', records, Buffer.concat([lines, data]))
}

export const END: Buffer = Buffer.alloc(2 * BLOCK)

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (`${length}`.length + rest.length !== length) length++
  return `${length}${rest}`
}

function header(name: string, type: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100, 'latin1')
  block.write('0000644\0' + '0000000\0' + '0000000\0', 100, 'latin1')
  octal(block, 124, size)
  octal(block, 136, 0)
  block.write(type, 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  return block
}

function fill(block: Buffer, at: number, numbers: readonly number[]): void {
  for (const [n, number] of numbers.entries()) octal(block, at + 12 * n, number)
}

/** Octal, or base-256 for what doesn't fit. */
function octal(block: Buffer, at: number, value: number): void {
  if (value >= 0 && value < 8 ** 11) {
    block.write(`${value.toString(8).padStart(11, '0')}\0`, at, 'latin1')
    return
  }
  const bytes = Buffer.alloc(12, value < 0 ? 0xff : 0)
  bytes.writeBigInt64BE(BigInt(value), 4)
  bytes[0] = value < 0 ? 0xff : 0x80
  bytes.copy(block, at)
}

function withChecksum(block: Buffer): Buffer {
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
