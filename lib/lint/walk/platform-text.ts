// Platforms as FROM writes them: just enough of containerd's rules to tell what is one.
import type { LintPlatform } from '../lint-platform.ts'

const systems: ReadonlySet<string> = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
)
const architectures: ReadonlySet<string> = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ' +
    'ppc riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
)
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['i386', '386'],
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm'],
  ['armel', 'arm'],
])

/** Reads `os`, `arch`, `os/arch` or `os/arch/variant`; what is left out is `fallback`'s. Undefined for what is no platform. */
export function readPlatform(text: string, fallback: LintPlatform): LintPlatform | undefined {
  const [first = '', second, variant, ...more] = text.split('/')
  const system = /^([A-Za-z0-9_-]+)(?:\([A-Za-z0-9_.%-]*(?:\+[A-Za-z0-9_.%-]+)*\))?$/.exec(first)?.[1]
  const specifiers = [second, variant].filter((part) => part !== undefined)
  if (!system || more.length > 0 || specifiers.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part))) return undefined
  const os = system.toLowerCase() === 'macos' ? 'darwin' : system.toLowerCase()
  if (second !== undefined) {
    return {
      os,
      architecture: architectureOf(second),
      ...(variant !== undefined && { variant: variant.toLowerCase() }),
    }
  }
  if (systems.has(os)) return { os, architecture: fallback.architecture }
  const architecture = architectureOf(text)
  return architectures.has(architecture) ? { os: 'linux', architecture } : undefined
}

/** `linux/arm/v7`. */
export function platformText({ os, architecture, variant }: LintPlatform): string {
  return [os, architecture, variant].filter(Boolean).join('/')
}

const architectureOf = (text: string): string => ALIASES.get(text.toLowerCase()) ?? text.toLowerCase()
