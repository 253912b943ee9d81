// Builds libdeflate's compressor as a WebAssembly module, and writes it as lib/layers/gzip/deflate-module.ts.
// `npx tsx scripts/build-deflate.ts [TARBALL]` needs clang 14 and lld 14 (Debian's clang-14 and lld-14). Other
// versions produce another module, but the same compressed output.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '1.23'
const SOURCE = {
  url: `http://deb.debian.org/debian/pool/main/libd/libdeflate/libdeflate_${VERSION}.orig.tar.gz`,
  sha256: '1ab18349b9fb0ce8a0ca4116bded725be7dcbfa709e19f6f983d99df1fb8b25f',
}
const CLANG = 'clang-14'
const LINKER = 'wasm-ld-14'
/** SIMD and the other features are in every Node.js that tsbuild supports. */
const COMPILE = [
  '--target=wasm32',
  '-O3',
  '-msimd128',
  '-mbulk-memory',
  '-msign-ext',
  '-ffreestanding',
  '-DFREESTANDING',
]
const LINK = ['--no-entry', '-z', 'stack-size=65536', '--strip-all']

const root = resolve(import.meta.dirname, '..')
const target = join(root, 'lib/layers/gzip/deflate-module.ts')

/** The tools for the build that are not installed. */
export function missingTools(): readonly string[] {
  return [CLANG, LINKER].filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0)
}

/**
 * The text of the module's source file, compiled from a tarball of libdeflate. Without a path, the tarball is
 * downloaded.
 */
export async function buildDeflate(tarball?: string): Promise<string> {
  const source = tarball === undefined ? await download() : readFileSync(tarball)
  const sha256 = createHash('sha256').update(source).digest('hex')
  if (sha256 !== SOURCE.sha256) throw new Error(`the source has sha256 ${sha256}, not ${SOURCE.sha256}`)
  const work = mkdtempSync(join(tmpdir(), 'tsbuild-deflate-'))
  try {
    run('tar', ['-xzf', '-', '--strip-components=1', '-C', work], source)
    withoutLastBlocks(join(work, 'lib/deflate_compress.c'))
    const files = [join(work, 'lib/utils.c'), join(root, 'native/deflate/module.c')]
    const objects = files.map((file, at) => {
      const object = join(work, `${at}.o`)
      run(CLANG, [...COMPILE, '-I', work, '-c', file, '-o', object])
      return object
    })
    const module = join(work, 'module.wasm')
    run(LINKER, [...LINK, ...objects, '-o', module])
    return moduleText(readFileSync(module), readFileSync(join(work, 'COPYING'), 'utf8'))
  } finally {
    rmSync(work, { recursive: true })
  }
}

async function download(): Promise<Buffer> {
  const response = await fetch(SOURCE.url)
  if (!response.ok) throw new Error(`${SOURCE.url}: ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

/** No block is marked as the last one of its stream (RFC 1951, 3.2.3). */
function withoutLastBlocks(file: string): void {
  const source = readFileSync(file, 'utf8')
  const changed = source
    .replaceAll('ADD_BITS(is_final_block, 1)', 'ADD_BITS(0, 1)')
    .replace('bfinal = is_final_block;', 'bfinal = 0;')
  if (source.split('is_final_block').length - changed.split('is_final_block').length !== 3)
    throw new Error(`${file} has changed`)
  writeFileSync(file, changed)
}

function moduleText(module: Buffer, licence: string): string {
  return [
    `/*! libdeflate ${VERSION} as a WebAssembly module. Made by scripts/build-deflate.ts; not to be edited. Its licence:`,
    '',
    licence.trim(),
    '*/',
    '',
    `/** The version of the compressor: the same version gives the same bytes on every machine. */`,
    `export const DEFLATE_VERSION: string = 'libdeflate ${VERSION}'`,
    '',
    '/** In base64. Its exports are described in native/deflate/module.c. */',
    'export const DEFLATE_MODULE: string =',
    `  '${module.toString('base64')}'`,
    '',
  ].join('\n')
}

function run(command: string, words: readonly string[], input?: Buffer): void {
  const { status, stderr, error } = spawnSync(command, words, { input, encoding: 'buffer' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} failed:\n${stderr}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(target, await buildDeflate(process.argv[2]))
  console.log(`${target}: written`)
}
