/** The numbers of the interfaces in a seccomp program, and what a program can answer. */
export const AUDIT_ARCHES = { x64: 0xc000_003e, ia32: 0x4000_0003, arm64: 0xc000_00b7 } as const
export const ALLOW = 0x7fff_0000
export const TRAP = 0x0003_0000
export const USER_NOTIFICATION = 0x7fc0_0000
export const failWith = (number: number): number => 0x0005_0000 + number

/** The answer of a seccomp program to a call, as the kernel's interpreter gives it. */
export function decideCall(program: Uint8Array, arch: number, number: number, args: readonly bigint[]): number {
  const code = Buffer.from(program)
  const data = Buffer.alloc(64)
  data.writeUInt32LE(number, 0)
  data.writeUInt32LE(arch, 4)
  for (const [i, arg] of args.entries()) data.writeBigUInt64LE(arg, 16 + 8 * i)
  let value = 0
  for (let at = 0; ; at++) {
    const [yes = 0, no = 0] = code.subarray(8 * at + 2)
    const k = code.readUInt32LE(8 * at + 4)
    const jump = (condition: boolean): void => {
      at += condition ? yes : no
    }
    const operation = code.readUInt16LE(8 * at)
    if (operation === 0x20) value = data.readUInt32LE(k)
    else if (operation === 0x54) value = (value & k) >>> 0
    else if (operation === 0x05) at += k
    else if (operation === 0x15) jump(value === k)
    else if (operation === 0x25) jump(value > k)
    else if (operation === 0x35) jump(value >= k)
    else if (operation === 0x06) return k
    else throw new Error(`no such operation: ${operation}`)
  }
}
