// Parses, normalises and matches platforms as containerd does (github.com/containerd/platforms).
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import type { Platform } from './types.ts'

const SPECIFIER = /^[A-Za-z0-9_.-]+$/
const SYSTEM = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$/

const SYSTEMS: ReadonlySet<string> = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  ),
)
const ARCHITECTURES: ReadonlySet<string> = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ' +
    'ppc riscv riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
)

/**
 * Parses `os`, `arch`, `os/arch` or `os/arch/variant`. A missing architecture is this machine's; a missing system is
 * `linux`. Errors with `PLATFORM_INVALID`.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/', 5)
  const system = SYSTEM.exec(parts[0] ?? '')
  if (!system || parts.length > 3 || parts.slice(1).some((part) => !SPECIFIER.test(part))) throw invalid(text)
  const os = normaliseSystem(system[1] ?? '')
  const options = systemOptions(text, system[2], system[3])
  if (parts.length === 1) return parseSingle(text, os, options)
  const { architecture, variant } = normaliseArchitecture(parts[1] ?? '', parts[2] ?? '')
  // The default variant appears only if the text has it: `arm` stays `arm`, and `arm64/v8` stays `arm64/v8`.
  if (parts.length === 2)
    return platform(os, architecture, architecture === 'arm' && variant === 'v7' ? '' : variant, options)
  return platform(os, architecture, architecture === 'arm64' && variant === '' ? 'v8' : variant, options)
}

/** The same as {@link parsePlatform}; undefined for an invalid platform. */
export function tryParsePlatform(text: string): Platform | undefined {
  try {
    return parsePlatform(text)
  } catch (error) {
    if (error instanceof TsbuildError) return undefined
    throw error
  }
}

/** Whether a text is the normalised name of an architecture. */
export const isArchitecture = (name: string): boolean => ARCHITECTURES.has(name)

/**
 * A platform as text: `linux/arm/v7`.
 *
 * @example
 * ```ts
 * import { formatPlatform } from '@tsbuild/tsbuild'
 *
 * console.log(formatPlatform({ os: 'linux', architecture: 'arm', variant: 'v7' })) // linux/arm/v7
 * ```
 */
export function formatPlatform(platform: Platform): string {
  return [platform.os || 'unknown', platform.architecture, platform.variant].filter(Boolean).join('/')
}

/** The normalised platform, for comparisons: `aarch64` → `arm64`, `arm` → `arm/v7`, `arm64/v8` → `arm64`. */
export function normalisePlatform(given: Platform): Platform {
  const { architecture, variant } = normaliseArchitecture(given.architecture, given.variant ?? '')
  return platform(normaliseSystem(given.os), architecture, variant, {
    'os.version': given['os.version'],
    'os.features': given['os.features'] && [...new Set(given['os.features'])].sort(),
  })
}

/** Linux on this machine's architecture, normalised. */
export function defaultPlatform(): Platform {
  return normalisePlatform({ os: 'linux', architecture: machineArchitecture() })
}

/** Whether two platforms are the same after normalisation. The version of the system is not compared. */
export function samePlatform(a: Platform, b: Platform): boolean {
  const x = normalisePlatform(a)
  const y = normalisePlatform(b)
  return x.os === y.os && x.architecture === y.architecture && (x.variant ?? '') === (y.variant ?? '')
}

/**
 * The index of the best available platform for the wanted one, or -1. The same platform comes first, then those that
 * the same machine can run (`arm/v6` for `arm/v7`, `386` for `amd64`), in containerd's order. The first of equals
 * wins.
 */
export function matchPlatform(wanted: Platform, available: readonly Platform[]): number {
  const features = wanted['os.features'] ?? []
  for (const candidate of compatible(normalisePlatform(wanted))) {
    let best = -1
    let bestFeatures = -1
    for (const [index, offered] of available.entries()) {
      const needs = offered['os.features'] ?? []
      if (!samePlatform(candidate, offered) || !needs.every((f) => features.includes(f))) continue
      if (needs.length <= bestFeatures) continue
      best = index
      bestFeatures = needs.length
    }
    if (best !== -1) return best
  }
  return -1
}

type SystemOptions = {
  readonly 'os.version'?: string | undefined
  readonly 'os.features'?: readonly string[] | undefined
}

function platform(os: string, architecture: string, variant: string, options: SystemOptions = {}): Platform {
  const version = options['os.version']
  const features = options['os.features']
  return {
    os,
    architecture,
    ...(variant ? { variant } : {}),
    ...(version ? { 'os.version': version } : {}),
    ...(features && features.length > 0 ? { 'os.features': features } : {}),
  }
}

function parseSingle(text: string, os: string, options: SystemOptions): Platform {
  if (SYSTEMS.has(os)) {
    const { architecture, variant } = normaliseArchitecture(machineArchitecture(), '')
    return platform(os, architecture, architecture === 'arm' && variant === 'v7' ? '' : variant, options)
  }
  const { architecture, variant } = normaliseArchitecture(text, '')
  if (!ARCHITECTURES.has(architecture)) throw invalid(text)
  return platform('linux', architecture, architecture === 'arm' && variant === 'v7' ? '' : variant)
}

function systemOptions(text: string, version: string | undefined, features: string | undefined): SystemOptions {
  try {
    const decoded = (features ?? '').split('+').map(decodeURIComponent).filter(Boolean)
    return { 'os.version': decodeURIComponent(version ?? ''), 'os.features': decoded }
  } catch (cause) {
    throw invalid(text, cause)
  }
}

function normaliseSystem(os: string): string {
  const lower = os.toLowerCase()
  if (lower === '') return 'linux'
  return lower === 'macos' ? 'darwin' : lower
}

function normaliseArchitecture(architecture: string, variant: string): { architecture: string; variant: string } {
  const arch = architecture.toLowerCase()
  const v = variant.toLowerCase()
  switch (arch) {
    case 'i386':
      return { architecture: '386', variant: '' }
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: v === 'v1' ? '' : v }
    case 'aarch64':
    case 'arm64':
      if (v === '8' || v === 'v8' || v === 'v8.0') return { architecture: 'arm64', variant: '' }
      return { architecture: 'arm64', variant: v === '9' || v === '9.0' || v === 'v9.0' ? 'v9' : v }
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' }
    case 'armel':
      return { architecture: 'arm', variant: 'v6' }
    case 'arm':
      if (v === '' || v === '7') return { architecture: 'arm', variant: 'v7' }
      return { architecture: 'arm', variant: /^[568]$/.test(v) ? `v${v}` : v }
    default:
      return { architecture: arch, variant: v }
  }
}

function machineArchitecture(): string {
  switch (process.arch) {
    case 'x64':
      return 'amd64'
    case 'ia32':
      return '386'
    case 'ppc64':
      return 'ppc64le'
    case 'mipsel':
      return 'mipsle'
    default:
      return process.arch
  }
}

/** The platforms that a machine of a (normalised) platform can run, best first. */
function compatible(wanted: Platform): readonly Platform[] {
  const of = (architecture: string, variant: string): Platform => platform(wanted.os, architecture, variant)
  const variant = wanted.variant ?? ''
  const number = Number(/^v([0-9])$/.exec(variant)?.[1] ?? Number.NaN)
  switch (wanted.architecture) {
    case 'amd64': {
      const older = number > 1 ? descending(number - 1, 1).map((n) => of('amd64', `v${n}`)) : []
      return [wanted, ...older, of('386', '')]
    }
    case 'arm':
      return [wanted, ...(number > 5 ? descending(number - 1, 5).map((n) => of('arm', `v${n}`)) : [])]
    case 'arm64': {
      const thirtyTwo = [8, 7, 6, 5].map((n) => of('arm', `v${n}`))
      const [major, minor] = /^v([89])(?:\.([0-9]))?$/.exec(variant || 'v8')?.slice(1, 3) ?? []
      if (!major) return [wanted]
      return [...arm64Versions(Number(major), Number(minor ?? 0)).map((v) => of('arm64', v)), ...thirtyTwo]
    }
    default:
      return [wanted]
  }
}

/** Armv9.n includes Armv8.(n+5). */
function arm64Versions(major: number, minor: number): readonly string[] {
  const own = descending(minor, 0).map((n) => (n === 0 ? `v${major}` : `v${major}.${n}`))
  return major === 9 ? [...own, ...arm64Versions(8, Math.min(9, minor + 5))] : own
}

function descending(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => from - i)
}

function invalid(text: string, cause?: unknown): TsbuildError {
  const parts = text.split('/')
  const near = suggest(parts[0] ?? '', parts.length === 1 ? [...ARCHITECTURES, ...SYSTEMS] : SYSTEMS)
  const example = near ? `did you mean ${JSON.stringify([near, ...parts.slice(1)].join('/'))}?` : undefined
  return new TsbuildError('PLATFORM_INVALID', `invalid platform ${JSON.stringify(text)}`, {
    hint: example ?? 'write it as os/arch or os/arch/variant, e.g. linux/amd64, linux/arm/v7',
    cause,
  })
}
