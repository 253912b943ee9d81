// Builds the native helper: one static program a processor, the same bytes on every machine. `npx tsx
// scripts/build-native.ts` writes native/bin, which is part of the npm package. It needs clang 14 and lld 14 (Debian
// 12's clang-14 and lld-14), and downloads a C library.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Arch, fetchSysroot, SYSROOT_PACKAGES } from './native-sysroot.ts'

const root = resolve(import.meta.dirname, '..')
const sources = join(root, 'native/src')
const loader = join(root, 'native/loader')
const bin = join(root, 'native/bin')
/** Results that are not part of the project: instrumented programs, downloaded libraries. */
const build = join(root, 'native/build')

const COMPILER = 'clang-14'
const LINKER = 'ld.lld-14'
const WARNINGS = ['-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wvla', '-Wstrict-prototypes', '-Wmissing-prototypes']
const LANGUAGE = ['-std=gnu11', '-D_GNU_SOURCE', ...WARNINGS]
const COMPILE = [...LANGUAGE, '-Os', '-fno-pie', '-ffunction-sections', '-fdata-sections', '-fstack-protector-strong']
/** The loader of a virtual root's programs: no library, and no relocation that something would have to do. */
const LOADER = [
  ...['-std=gnu11', ...WARNINGS, '-Wno-missing-prototypes', '-Os', '-ffreestanding', '-fno-builtin'],
  ...['-fno-stack-protector', '-fPIE', '-nostdlib', '-static-pie'],
  '-Wl,--strip-all,--build-id=none,-z,noexecstack,--no-dynamic-linker',
]
const LINK = [
  '-static',
  '-nostdlib',
  '-fuse-ld=lld-14',
  '-Wl,--gc-sections,--strip-all,--build-id=none,-z,noexecstack,-z,relro,-z,now',
]
/** The loader touches no register of programs but the general ones. */
const LOADER_FOR: Readonly<Record<Arch, readonly string[]>> = {
  x64: ['-mno-sse', '-fcf-protection=none'],
  arm64: ['-mgeneral-regs-only'],
}
/** For tests: finds memory errors and undefined behaviour. */
export const SANITIZE: readonly string[] = ['-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']

/** From elf(5): the segment of dynamic entries, and the types of those that say where relocations are. */
const PT_DYNAMIC = 2
const RELOCATIONS: readonly bigint[] = [7n, 17n, 23n, 36n] // DT_RELA, DT_REL, DT_JMPREL, DT_RELR

export const ARCHES: readonly Arch[] = ['x64', 'arm64']
const TARGETS: Readonly<Record<Arch, string>> = { x64: 'x86_64-linux-musl', arm64: 'aarch64-linux-musl' }

/** Where the program of a processor is kept in the project. */
export function nativeProgram(arch: Arch): string {
  return join(bin, `tsbuild-sandbox-linux-${arch}`)
}

/** A digest of the sources, flags and libraries that a build uses. native/bin/SOURCES holds that of the last build. */
export function sourcesDigest(): string {
  const hash = createHash('sha256').update(
    JSON.stringify([COMPILE, LOADER, LOADER_FOR, LINK, TARGETS, SYSROOT_PACKAGES]),
  )
  for (const directory of [sources, loader]) {
    for (const name of filesIn(directory)) hash.update(`\n${name}\n`).update(readFileSync(join(directory, name)))
  }
  return `sha256:${hash.digest('hex')}`
}

/** The digest that native/bin/SOURCES holds. */
export function recordedDigest(): string {
  return readFileSync(join(bin, 'SOURCES'), 'utf8').trim()
}

/** The tools that a build of the programs lacks. */
export function missingTools(): readonly string[] {
  return [COMPILER, LINKER, 'dpkg-deb'].filter((name) => !starts(name))
}

/** Compiles the program of a processor. Errors if it does not compile without a warning. */
export async function buildNative(arch: Arch): Promise<Buffer> {
  mkdirSync(build, { recursive: true })
  const { headers, start, end } = await fetchSysroot(arch, build)
  const include = headers.flatMap((directory) => ['-isystem', directory])
  const target = [`--target=${TARGETS[arch]}`]
  const work = mkdtempSync(join(tmpdir(), 'tsbuild-native-'))
  try {
    buildLoader(COMPILER, [...LOADER_FOR[arch], '-fuse-ld=lld-14', ...target, '-nostdlibinc', ...include], work)
    const objects = sourceFiles().map((file) => {
      const object = join(work, `${basename(file)}.o`)
      const flags = [...target, ...COMPILE, `-I${sources}`, '-nostdlibinc', ...include, `-Wa,-I${work}`]
      run(COMPILER, [...flags, '-c', join(sources, file), '-o', object])
      return object
    })
    const program = join(work, 'program')
    run(COMPILER, [...target, ...LINK, ...start, ...objects, ...end, '-o', program])
    return readFileSync(program)
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** Compiles the loader into `loader.bin` of a directory, from where the helper's sources include it. */
function buildLoader(compiler: string, flags: readonly string[], directory: string): void {
  const file = join(directory, 'loader.bin')
  run(compiler, [...LOADER, ...flags, join(loader, 'loader.c'), '-o', file])
  if (hasRelocations(readFileSync(file))) throw new Error('the loader has relocations, which nothing does')
}

/** Whether a 64-bit ELF file has relocations for a dynamic linker. */
function hasRelocations(elf: Buffer): boolean {
  const begin = Number(elf.readBigUInt64LE(32))
  const headers = Array.from({ length: elf.readUInt16LE(56) }, (_, at) => elf.subarray(begin + 56 * at))
  const entries = headers
    .filter((header) => header.readUInt32LE(0) === PT_DYNAMIC)
    .flatMap((header) => {
      const [offset, size] = [Number(header.readBigUInt64LE(8)), Number(header.readBigUInt64LE(32))]
      return Array.from({ length: size / 16 }, (_, at) => elf.readBigUInt64LE(offset + 16 * at))
    })
  return entries.some((type) => RELOCATIONS.includes(type))
}

/**
 * The path of an instrumented program for this machine, for tests; rebuilt if a source is newer. Undefined without a
 * compiler. Errors if it does not compile.
 */
export function buildSanitized(): string | undefined {
  return buildForTests(`tsbuild-sandbox-linux-${process.arch}-sanitized`, {
    files: sourceFiles().map((name) => join(sources, name)),
    flags: SANITIZE,
  })
}

/**
 * The path of a test's own program that calls functions of the helper: `source` takes the place of main.c, and of the
 * files that it `includes`, named from native/src. `flags` are more for the compiler. Rebuilt if a source is newer;
 * undefined without a compiler.
 */
export function buildTestProgram(
  source: string,
  flags: readonly string[],
  includes: readonly string[] = [],
): string | undefined {
  const files = sourceFiles().filter((name) => name !== 'main.c' && !includes.includes(name))
  return buildForTests(basename(source, '.c'), {
    files: [source, ...files.map((name) => join(sources, name))],
    flags,
  })
}

interface TestProgram {
  readonly files: readonly string[]
  readonly flags: readonly string[]
}

function buildForTests(name: string, { files, flags }: TestProgram): string | undefined {
  const compiler = hostCompiler()
  if (compiler === undefined) return undefined
  const file = join(build, name)
  const headers = [sources, loader].flatMap((directory) => filesIn(directory).map((name) => join(directory, name)))
  const used = [...files, ...headers]
  const newest = Math.max(...used.map((path) => statSync(path).mtimeMs))
  if ((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return file
  mkdirSync(build, { recursive: true })
  const temporary = `${file}.${process.pid}`
  buildLoader(compiler, LOADER_FOR[process.arch === 'arm64' ? 'arm64' : 'x64'], build)
  run(compiler, [...LANGUAGE, ...flags, `-I${sources}`, `-Wa,-I${build}`, '-o', temporary, ...files])
  // Another process may be building the same program, or running the old one.
  renameSync(temporary, file)
  return file
}

/**
 * Compiles one source file for this machine, statically and without warnings, for programs that tests run in a
 * sandbox. Undefined without a compiler.
 */
export function buildProgram(source: string, file: string): string | undefined {
  const compiler = hostCompiler()
  if (compiler === undefined) return undefined
  run(compiler, ['-static', '-O1', '-D_GNU_SOURCE', '-w', '-o', file, source])
  return file
}

/** All files below a directory, by their names from there. */
function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
}

function sourceFiles(): readonly string[] {
  return filesIn(sources).filter((name) => name.endsWith('.c'))
}

function hostCompiler(): string | undefined {
  return ['gcc', 'cc'].find(starts)
}

function starts(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} failed:\n${stderr}`)
}

async function main(): Promise<void> {
  const missing = missingTools()
  if (missing.length > 0)
    throw new Error(`install ${missing.join(', ')}: Debian 12 has them in clang-14, lld-14 and dpkg`)
  mkdirSync(bin, { recursive: true })
  for (const arch of ARCHES) {
    const program = await buildNative(arch)
    // The old program may be running, and can't be written to then.
    const temporary = `${nativeProgram(arch)}.${process.pid}`
    writeFileSync(temporary, program, { mode: 0o755 })
    renameSync(temporary, nativeProgram(arch))
    console.log(`${nativeProgram(arch)}: ${program.length} bytes`)
  }
  writeFileSync(join(bin, 'SOURCES'), `${sourcesDigest()}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
