// The helper's programs in native/bin, which users get with the npm package.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ARCHES,
  buildNative,
  missingTools,
  nativeProgram,
  recordedDigest,
  sourcesDigest,
} from '../../../scripts/build-native.ts'
import { requires } from '../../support/requires.ts'

test('the programs are made of the sources that are here: else run npx tsx scripts/build-native.ts', () => {
  expect(recordedDigest()).toBe(sourcesDigest())
})

test('the programs are small enough to be part of every installation', () => {
  for (const arch of ARCHES) expect(readFileSync(nativeProgram(arch)).length).toBeLessThan(180_000)
})

function hasTools(): boolean {
  const missing = missingTools()
  if (missing.length === 0) return true
  const reason = `${missing.join(', ')} is needed to build the native helper`
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
  return false
}

test.skipIf(!hasTools()).each(ARCHES.map((arch) => [arch]))(
  'a build for %s gives the same bytes',
  async (arch) => expect((await buildNative(arch)).equals(readFileSync(nativeProgram(arch)))).toBe(true),
  300_000,
)

// An emulator of user programs runs it as far as it needs neither namespaces nor system calls that the emulator lacks.
const emulated = process.arch === 'x64' ? 'arm64' : 'x64'
const emulator = emulated === 'arm64' ? 'qemu-aarch64-static' : 'qemu-x86_64-static'

describe.skipIf(process.platform !== 'linux' || !requires(emulator))('the program of the other processor', () => {
  test('names its protocol and its processor', () => {
    const cpu = emulated === 'arm64' ? 'aarch64' : 'x86_64'
    const result = spawnSync(emulator, [nativeProgram(emulated), '--version'], { encoding: 'utf8' })
    expect(result).toMatchObject({ status: 0, stdout: `tsbuild-sandbox 1 ${cpu}\n`, stderr: '' })
  })

  test('refuses a spec that is none, with a reason', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsbuild-emulated-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const spec = join(directory, 'spec')
    writeFileSync(spec, 'tsbuild-sandbox 1\0root\0relative\0end\0')
    const result = spawnSync('sh', ['-c', `exec ${emulator} "$1" run 3<"$2"`, 'sh', nativeProgram(emulated), spec], {
      encoding: 'utf8',
    })
    expect(result).toMatchObject({ status: 125, stderr: 'tsbuild-sandbox: spec: not an absolute path: relative\n' })
  })
})
