// A program without libraries, to try a back-end with in an empty root.

/** The file that the program looks for in its root. */
export const TRIAL_PATH = '/tsbuild-probe~'

/** The text that the program prints if it finds the file. */
export const TRIAL_OUTPUT: string = TRIAL_PATH.slice(1)

/**
 * A static ELF executable for a processor as Node.js names it; undefined for an unknown one. It asks statx(2) for
 * {@link TRIAL_PATH}: a sandbox that translates system calls may have missed this one, the newest that looks at
 * files. If that fails it exits with 1, else it prints {@link TRIAL_OUTPUT} and exits with 0.
 */
export function trialProgram(arch: string): Uint8Array | undefined {
  const code = CODE[arch]
  if (!code) return undefined
  const text = Buffer.concat([Buffer.from(code.instructions, 'hex'), Buffer.from(`${TRIAL_PATH}\0`)])
  return Buffer.concat([elfHeader(code.machine, text.length), text])
}

/** Machine code, with its assembly beside it. The text {@link TRIAL_PATH} follows the code. */
const X64 = [
  'b84c010000', //       mov  eax, 332            statx(
  'bf9cffffff', //       mov  edi, -100           AT_FDCWD,
  '488d353b000000', //   lea  rsi, [path]         path,
  '31d2', //             xor  edx, edx            0,
  '41baff070000', //     mov  r10d, 0x7ff         STATX_BASIC_STATS,
  '4c8d842400feffff', // lea  r8, [rsp-512]       below the stack)
  '0f05', //             syscall
  '85c0', //             test eax, eax
  '751e', //             jnz  fail
  'b801000000', //       mov  eax, 1              write(
  '89c7', //             mov  edi, eax            1,
  '488d3518000000', //   lea  rsi, [path+1]       path + 1,
  'ba0e000000', //       mov  edx, 14             14)
  '0f05', //             syscall
  '31ff', //             xor  edi, edi
  'b83c000000', // exit: mov  eax, 60             exit
  '0f05', //             syscall
  'bf01000000', // fail: mov  edi, 1
  'ebf2', //             jmp  exit
]

const ARM64 = [
  '682480d2', //       mov  x8, #291              statx(
  '600c8092', //       mov  x0, #-100             AT_FDCWD,
  '01020010', //       adr  x1, path              path,
  '020080d2', //       mov  x2, #0                0,
  'e3ff80d2', //       mov  x3, #0x7ff            STATX_BASIC_STATS,
  'e40308d1', //       sub  x4, sp, #512          below the stack)
  '010000d4', //       svc  #0
  '200100b5', //       cbnz x0, fail
  '080880d2', //       mov  x8, #64               write(
  '200080d2', //       mov  x0, #1                1,
  '01010030', //       adr  x1, path+1            path + 1,
  'c20180d2', //       mov  x2, #14               14)
  '010000d4', //       svc  #0
  '000080d2', //       mov  x0, #0
  'a80b80d2', // exit: mov  x8, #93               exit
  '010000d4', //       svc  #0
  '200080d2', // fail: mov  x0, #1
  'fdffff17', //       b    exit
]

/** Machine numbers of elf(5). */
const CODE: Readonly<Record<string, { readonly machine: number; readonly instructions: string }>> = {
  x64: { machine: 62, instructions: X64.join('') },
  arm64: { machine: 183, instructions: ARM64.join('') },
}

const BASE = 0x400000
const HEADERS = 64 + 56

/** The ELF header and one segment: the whole file, readable and executable. */
function elfHeader(machine: number, size: number): Buffer {
  const header = Buffer.alloc(HEADERS)
  // Magic, 64 bits, little-endian, version 1.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  header.writeUInt16LE(2, 16) // executable
  header.writeUInt16LE(machine, 18)
  header.writeUInt32LE(1, 20)
  header.writeBigUInt64LE(BigInt(BASE + HEADERS), 24) // entry
  header.writeBigUInt64LE(64n, 32) // program headers
  header.writeUInt16LE(64, 52)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56)
  const segment = header.subarray(64)
  segment.writeUInt32LE(1, 0) // to be loaded
  segment.writeUInt32LE(5, 4) // readable, executable
  segment.writeBigUInt64LE(BigInt(BASE), 16)
  segment.writeBigUInt64LE(BigInt(BASE), 24)
  segment.writeBigUInt64LE(BigInt(HEADERS + size), 32)
  segment.writeBigUInt64LE(BigInt(HEADERS + size), 40)
  segment.writeBigUInt64LE(0x10000n, 48)
  return header
}
