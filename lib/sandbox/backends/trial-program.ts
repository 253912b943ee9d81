// A program that needs nothing: no libraries, no shell, no file but itself. So a back-end can be tried where nothing is installed.

/** The file that has to be in the root in which the program runs. */
export const TRIAL_PATH = '/tsbuild-probe~'

/** What it prints when it finds that. */
export const TRIAL_OUTPUT: string = TRIAL_PATH.slice(1)

/**
 * A static ELF executable for a processor as Node names it; undefined for one that there is none for. It asks statx(2) for
 * {@link TRIAL_PATH}, the newest call to look at files, which a sandbox that translates calls may have missed; exits with 1 if that
 * fails, else prints {@link TRIAL_OUTPUT} and exits with 0.
 */
export function trialProgram(arch: string): Uint8Array | undefined {
  const code = CODE[arch]
  if (!code) return undefined
  const text = Buffer.concat([Buffer.from(code.instructions, 'hex'), Buffer.from(`${TRIAL_PATH}\0`)])
  return Buffer.concat([elfHeader(code.machine, text.length), text])
}

/** Each line: code, then what it does. The text {@link TRIAL_PATH} follows at once. */
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

/** ELF's numbers of machines, see elf(5). */
const CODE: Readonly<Record<string, { readonly machine: number; readonly instructions: string }>> = {
  x64: { machine: 62, instructions: X64.join('') },
  arm64: { machine: 183, instructions: ARM64.join('') },
}

const BASE = 0x400000
const HEADERS = 64 + 56

/** The file's header and one segment, which is all of the file, readable and executable. */
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
