// The smallest program of an architecture: it ends at once, with an exit code of its own.

/** The exit code of {@link exitProgram}. */
export const EXIT_CODE = 42

interface Machine {
  /** e_machine of the System V ABI. */
  readonly machine: number
  readonly bits: 32 | 64
  readonly order: 'little' | 'big'
  /** e_flags; default 0. */
  readonly flags?: number
  /** `exit(42)` as words of four bytes; for x86 as bytes. */
  readonly code: readonly number[]
  readonly bytes?: true
}

const MACHINES: Readonly<Record<string, Machine>> = {
  '386': {
    machine: 3,
    bits: 32,
    order: 'little',
    code: [0xbb, 42, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80],
    bytes: true,
  },
  amd64: {
    machine: 62,
    bits: 64,
    order: 'little',
    code: [0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05],
    bytes: true,
  },
  arm: { machine: 40, bits: 32, order: 'little', flags: 0x05000000, code: [0xe3a0002a, 0xe3a07001, 0xef000000] },
  arm64: { machine: 183, bits: 64, order: 'little', code: [0xd2800540, 0xd2800ba8, 0xd4000001] },
  loong64: { machine: 258, bits: 64, order: 'little', flags: 0x43, code: [0x02c0a804, 0x02c1740b, 0x002b0000] },
  mips64le: { machine: 8, bits: 64, order: 'little', flags: 0x80000007, code: [0x2404002a, 0x240213c2, 0x0000000c] },
  ppc64le: { machine: 21, bits: 64, order: 'little', flags: 2, code: [0x3860002a, 0x38000001, 0x44000002] },
  riscv64: { machine: 243, bits: 64, order: 'little', code: [0x02a00513, 0x05d00893, 0x00000073] },
  s390x: { machine: 22, bits: 64, order: 'big', code: [0xa729002a, 0x0a010000] },
}

/** An ELF executable for Linux that makes the system call exit(42). Undefined for an unknown architecture. */
export function exitProgram(architecture: string): Uint8Array | undefined {
  const target = MACHINES[architecture]
  return target && executable(target, machineCode(target))
}

function machineCode({ code, bytes, order }: Machine): Buffer {
  if (bytes) return Buffer.from(code)
  const words = Buffer.alloc(code.length * 4)
  for (const [at, word] of code.entries()) {
    if (order === 'little') words.writeUInt32LE(word, at * 4)
    else words.writeUInt32BE(word, at * 4)
  }
  return words
}

const ADDRESS = 0x400000
const PAGE = 0x10000

/** A header, one program header that loads the whole file, and the code. */
function executable({ machine, bits, order, flags = 0 }: Machine, code: Buffer): Uint8Array {
  const wide = bits === 64
  const [headerSize, programHeaderSize] = wide ? [64, 56] : [52, 32]
  const entry = headerSize + programHeaderSize
  const size = entry + code.length
  const fields: [value: number, width: 2 | 4 | 8][] = []
  const half = (...values: number[]): unknown => fields.push(...values.map((v): [number, 2] => [v, 2]))
  const word = (...values: number[]): unknown => fields.push(...values.map((v): [number, 4] => [v, 4]))
  const address = (...values: number[]): unknown =>
    fields.push(...values.map((v): [number, 4 | 8] => [v, wide ? 8 : 4]))
  // ET_EXEC, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags, sizes and counts.
  half(2, machine)
  word(1)
  address(ADDRESS + entry, headerSize, 0)
  word(flags)
  half(headerSize, programHeaderSize, 1, 0, 0, 0)
  // PT_LOAD, readable and executable; where the flags are depends on the class.
  word(1, ...(wide ? [5] : []))
  address(0, ADDRESS, ADDRESS, size, size)
  if (!wide) word(5)
  address(PAGE)
  const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, order === 'little' ? 1 : 2, 1, ...Array(9).fill(0)])
  return Buffer.concat([ident, ...fields.map(([value, width]) => integer(value, width, order)), code])
}

function integer(value: number, width: 2 | 4 | 8, order: 'little' | 'big'): Buffer {
  const buffer = Buffer.alloc(width)
  if (width === 8) {
    if (order === 'little') buffer.writeBigUInt64LE(BigInt(value))
    else buffer.writeBigUInt64BE(BigInt(value))
  } else if (order === 'little') buffer.writeUIntLE(value, 0, width)
  else buffer.writeUIntBE(value, 0, width)
  return buffer
}
