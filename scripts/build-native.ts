// Builds the native helper: one static program for each processor. `npx tsx scripts/build-native.ts [x64|arm64]
// [--package]` builds it in native/build, and with --package copies it into the npm package of that processor
// as well.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

type Arch = 'x64' | 'arm64'

const root = resolve(import.meta.dirname, '..')
const sources = join(root, 'native/src')
const build = join(root, 'native/build')

const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wvla', '-Wstrict-prototypes', '-Wmissing-prototypes']
const LANGUAGE = ['-std=gnu11', '-D_GNU_SOURCE', ...WARNINGS]
const RELEASE = [
  '-O2',
  '-static',
  '-s',
  '-fstack-protector-strong',
  '-D_FORTIFY_SOURCE=2',
  '-Wl,-z,noexecstack,-z,relro,-z,now',
]
/** Flags for tests, which find reads and writes outside of objects. */
const SANITIZE = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']

/** GNU's names of processors, with the compilers for them; the compiler with the smallest result goes first. */
const TARGETS: Readonly<Record<Arch, { readonly triple: string; readonly compilers: readonly string[] }>> = {
  x64: {
    triple: 'x86_64-linux-gnu',
    compilers: ['x86_64-linux-musl-gcc', 'musl-gcc', 'x86_64-linux-gnu-gcc', 'gcc', 'cc'],
  },
  arm64: {
    triple: 'aarch64-linux-gnu',
    compilers: ['aarch64-linux-musl-gcc', 'musl-gcc', 'aarch64-linux-gnu-gcc', 'gcc', 'cc'],
  },
}

export interface NativeBuild {
  readonly arch: Arch
  /** Whether to instrument the program, which then uses shared libraries; for tests. */
  readonly sanitize: boolean
}

/**
 * The path of the program, rebuilt if a source is newer. Undefined if there is no compiler for the processor.
 * Throws if it does not compile.
 */
export function buildNative({ arch, sanitize }: NativeBuild): string | undefined {
  const file = join(build, `tsbuild-sandbox-linux-${arch}${sanitize ? '-sanitized' : ''}`)
  const files = readdirSync(sources).map((name) => join(sources, name))
  const newest = Math.max(...files.map((name) => statSync(name).mtimeMs))
  if ((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return file
  const compiler = findCompiler(arch, sanitize)
  if (compiler === undefined) return undefined
  mkdirSync(build, { recursive: true })
  const temporary = `${file}.${process.pid}`
  const flags = [...LANGUAGE, ...(sanitize ? SANITIZE : RELEASE), ...kernelHeaders(compiler, arch)]
  const done = spawnSync(compiler, [...flags, '-o', temporary, ...files.filter((name) => name.endsWith('.c'))], {
    encoding: 'utf8',
  })
  if (done.status !== 0) throw new Error(`${compiler} failed:\n${done.stderr}`)
  // Another process may be building the same program, or running the old one.
  renameSync(temporary, file)
  return file
}

/**
 * Compiles one source file for this machine, statically and without warnings, for programs that tests run in a
 * sandbox. Undefined without a compiler.
 */
export function buildProgram(source: string, file: string): string | undefined {
  const compiler = ['gcc', 'cc'].find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0)
  if (compiler === undefined) return undefined
  const flags = ['-static', '-O1', '-D_GNU_SOURCE', '-w', '-o', file]
  const { status, stderr } = spawnSync(compiler, [...flags, source], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${compiler} failed:\n${stderr}`)
  return file
}

function findCompiler(arch: Arch, sanitize: boolean): string | undefined {
  const { compilers } = TARGETS[arch]
  return compilers.find((name) => !(sanitize && name.includes('musl')) && canCompile(name, arch))
}

/** A compiler without a processor in its name is for the processor of this machine. */
function canCompile(compiler: string, arch: Arch): boolean {
  if (!/^(x86_64|aarch64)-/.test(compiler) && process.arch !== arch) return false
  return spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status === 0
}

/** The musl wrapper of a distribution's compiler finds neither the kernel's headers nor, sometimes, the C library's. */
function kernelHeaders(compiler: string, arch: Arch): readonly string[] {
  if (!compiler.includes('musl')) return []
  const directory = join(build, `headers-${arch}`)
  mkdirSync(directory, { recursive: true })
  const places = {
    linux: '/usr/include/linux',
    'asm-generic': '/usr/include/asm-generic',
    asm: `/usr/include/${TARGETS[arch].triple}/asm`,
  }
  for (const [name, place] of Object.entries(places)) {
    if (!existsSync(join(directory, name))) symlinkSync(place, join(directory, name))
  }
  return ['-idirafter', directory]
}

function main(words: readonly string[]): void {
  const wanted = words.filter((word): word is Arch => word === 'x64' || word === 'arm64')
  const arches = wanted.length > 0 ? wanted : (['x64', 'arm64'] as const)
  for (const arch of arches) {
    const file = buildNative({ arch, sanitize: false })
    if (file === undefined)
      throw new Error(`there is no compiler for ${arch}: install musl-tools, or gcc-${TARGETS[arch].triple}`)
    console.log(`${file}: ${statSync(file).size} bytes`)
    if (!words.includes('--package')) continue
    const bin = join(root, `packages/sandbox-linux-${arch}/bin`)
    mkdirSync(bin, { recursive: true })
    copyFileSync(file, join(bin, 'tsbuild-sandbox'))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
