import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliRun, cli } from './run-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-call-'))
const tsbuild = (...args: string[]): Promise<CliRun> => cli(['--store', join(directory, 'store'), ...args])

beforeAll(() => {
  const files = {
    Dockerfile: '# base is missing\nFROM no.such.image AS base\n# app runs\nFROM base AS app\nARG A=1\n',
    'Dockerfile.scratch': 'FROM scratch AS a\n# MODE says how\nARG MODE=x\nUSER app\nENV B=$MODE\n',
    'Dockerfile.broken': 'FORM scratch\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('tsbuild build --call', () => {
  test('targets needs no base image', async () => {
    expect(await tsbuild('--call=targets', directory)).toEqual({
      code: 0,
      stdout: 'TARGET        DESCRIPTION\nbase          is missing\napp (default) runs\n',
      stderr: '',
    })
    const { stdout } = await tsbuild('--call', 'targets,format=json', directory)
    expect(JSON.parse(stdout)).toMatchObject({ targets: [{ name: 'base' }, { name: 'app', default: true }] })
  })

  test('outline shows what the target takes', async () => {
    const file = join(directory, 'Dockerfile.scratch')
    const { code, stdout } = await tsbuild('--call=outline', '--build-arg', 'MODE=y', '-f', file, directory)
    expect([code, stdout]).toEqual([
      0,
      'TARGET: a\n\nBUILD ARG   VALUE   DESCRIPTION\nMODE        y       says how\n\n',
    ])
    const json = await tsbuild('--call=outline,format=json', '-f', file, directory)
    expect(JSON.parse(json.stdout)).toMatchObject({ name: 'a', args: [{ name: 'MODE', value: 'x' }] })
  })

  test.each([
    ['build', 0],
    ['check', 0],
  ])('%s is known', async (method, code) => {
    const file = join(directory, 'Dockerfile.scratch')
    expect(await tsbuild(`--call=${method}`, '--progress=none', '-f', file, directory)).toMatchObject({ code })
  })

  test.each([
    ['outlin', `--call can't be "outlin": expected build, check, outline, targets`],
    ['targets,format=xml', `--call can't take "format=xml"`],
  ])('%s is refused', async (value, message) => {
    const { code, stderr } = await tsbuild(`--call=${value}`, directory)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  test('what is wrong with the Dockerfile is said', async () => {
    const { code, stderr } = await tsbuild('--call=targets', '-f', join(directory, 'Dockerfile.broken'), directory)
    expect([code, stderr]).toEqual([1, expect.stringContaining('unknown instruction')])
  })
})

describe('tsbuild graph --format', () => {
  const file = join(directory, 'Dockerfile.scratch')

  test.each([
    ['dot', /^digraph build \{\n/],
    ['svg', /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [\s\S]*<\/svg>\n$/],
    ['mermaid', /^flowchart TD\n/],
  ])('%s is printed', async (format, expected) => {
    expect((await tsbuild('graph', '--format', format, '-f', file, directory)).stdout).toMatch(expected)
  })

  test('json has scopes on request', async () => {
    const run = async (...more: string[]): Promise<unknown> =>
      JSON.parse((await tsbuild('graph', ...more, '-f', file, directory)).stdout)
    expect(await run('--scopes')).toMatchObject({ stages: [{ user: 'app', env: { B: 'x' } }] })
    expect(await run()).not.toHaveProperty('stages.0.env')
  })
})
