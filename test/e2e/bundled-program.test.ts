// Programs in which a bundler has merged the package: esbuild in both module formats, and ncc.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build as bundle } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { busyboxBase } from './busybox-base.ts'

const root = resolve(import.meta.dirname, '../..')
const ready = [process.platform === 'linux', isRoot('namespaces'), requires('busybox')].every(Boolean)

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-bundled-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const at = (...names: readonly string[]): string => join(directory, ...names)

/** A program without top-level await, which CommonJS has not. */
const PROGRAM = `
import { build } from '@tsbuild/tsbuild'
async function main() {
  const [store, programs] = process.argv.slice(2)
  const { digest, sandbox } = await build({
    store,
    sourceDateEpoch: 0,
    context: { Dockerfile: 'FROM busybox\\nCOPY Dockerfile /\\nRUN echo hello > /hello && chown 7:8 /hello\\n' },
    buildContexts: { busybox: 'oci-layout://' + process.env.BASE },
    run: { isolation: 'userns', ...(programs && { programs }) },
  })
  console.log(JSON.stringify([digest, sandbox.program.split(' ')[0]]))
}
main().catch((error) => {
  console.log(JSON.stringify([error.code, error.hint]))
  process.exitCode = 1
})
`
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
const common = { absWorkingDir: directory, bundle: true, platform: 'node', logLevel: 'error' } as const
const ncc = createRequire(import.meta.url).resolve('@vercel/ncc/dist/ncc/cli.js')

function runProgram(path: string, ...args: readonly string[]): unknown {
  const env = { ...process.env, BASE: at('base'), TSBUILD_SANDBOX_HELPER: undefined }
  try {
    return JSON.parse(execFileSync(process.execPath, [path, ...args], { encoding: 'utf8', env }))
  } catch (error) {
    if (error instanceof Error && 'stdout' in error) return JSON.parse(String(error.stdout))
    throw error
  }
}

describe.skipIf(!ready)('a program with the package merged into it', () => {
  let unbundled: unknown

  beforeAll(async () => {
    await busyboxBase(staticBusybox() ?? '', directory)
    writeFileSync(at('app.mjs'), PROGRAM)
    mkdirSync(at('node_modules/@tsbuild'), { recursive: true })
    symlinkSync(root, at('node_modules/@tsbuild/tsbuild'))
    unbundled = runProgram(at('app.mjs'), at('store'))

    const banner = { js: REQUIRE }
    await bundle({ ...common, entryPoints: ['app.mjs'], format: 'esm', banner, outfile: at('out/esm/app.mjs') })
    await bundle({ ...common, entryPoints: ['app.mjs'], format: 'cjs', outfile: at('out/cjs/app.cjs') })
    await bundle({
      ...common,
      entryPoints: ['@tsbuild/tsbuild/worker'],
      format: 'cjs',
      outfile: at('out/tsbuild/worker.cjs'),
    })
    run(process.execPath, [ncc, 'build', at('app.mjs'), '-o', at('out/ncc')])
    const helpers = join(root, 'native/bin')
    for (const name of readdirSync(helpers)) copyFileSync(join(helpers, name), at('out/tsbuild', name))
    // The program has to do without the package.
    renameSync(at('node_modules'), at('gone'))
  }, 300_000)

  test.each([
    ['esbuild, ESM', 'out/esm/app.mjs'],
    ['esbuild, CommonJS', 'out/cjs/app.cjs'],
    ['ncc', 'out/ncc/index.mjs'],
  ])('%s: runs steps with the programs that it names, and says what to do without them', (_bundler, path) => {
    const store = mkdtempSync(at('store-'))
    expect(runProgram(at(path), store)).toEqual([
      'SANDBOX_UNAVAILABLE',
      expect.stringContaining('"run.programs": see docs/library.md'),
    ])
    expect(runProgram(at(path), store, at('out/tsbuild'))).toEqual(unbundled)
    expect(unbundled).toEqual([expect.stringMatching(/^sha256:/), 'tsbuild-sandbox'])
  })

  test('a directory without the worker is refused', () => {
    expect(runProgram(at('out/cjs/app.cjs'), mkdtempSync(at('store-')), at('out/ncc-nothing'))).toEqual([
      'SANDBOX_UNAVAILABLE',
      expect.stringContaining('bundle "@tsbuild/tsbuild/worker"'),
    ])
  })
})
