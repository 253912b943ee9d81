import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CliRun, cli } from './run-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-images-'))
const path = (name: string): string => join(directory, name)
const tsbuild = (...args: readonly string[]): Promise<CliRun> => cli(['--store', path('store'), ...args])

let id = ''
beforeAll(async () => {
  const dockerfile = 'FROM scratch\nCOPY <<EOF /hello\nhello\nEOF\nENV A=1\n'
  const build = ['--store', path('store'), '-q', '-f', '-', '-t', 'app:1', directory]
  id = (await cli(build, { stdin: dockerfile })).stdout.trimEnd()
})
beforeEach(async () => {
  expect((await tsbuild('tag', id, 'app:1')).code).toBe(0)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const names = async (): Promise<string[]> =>
  (JSON.parse((await tsbuild('images', '--json')).stdout) as { name: string }[]).map(({ name }) => name)

describe('images', () => {
  test('is a table of names, short IDs, ages and sizes', async () => {
    const { code, stdout } = await tsbuild('images')
    expect(code).toBe(0)
    const [header, row] = stdout.split('\n')
    expect(header).toMatch(/^NAME +IMAGE ID +DIGEST +PLATFORM +CREATED +SIZE$/)
    expect(row).toMatch(
      new RegExp(`^app:1 +${id.slice(7, 19)} +[0-9a-f]{12} +linux/\\S+ +(now|\\d+ seconds? ago) +[\\d.]+ (B|kB)$`),
    )
  })

  test('prints whole IDs with --no-trunc, and only IDs with -q', async () => {
    expect((await tsbuild('images', '-q')).stdout).toBe(`${id.slice(7, 19)}\n`)
    expect((await tsbuild('images', '-q', '--no-trunc')).stdout).toBe(`${id}\n`)
  })
})

test('inspect prints descriptor, manifest and config', async () => {
  const { stdout } = await tsbuild('inspect', 'app:1')
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'docker.io/library/app:1',
    manifest: { config: { digest: id } },
    config: { config: { Env: expect.arrayContaining(['A=1']) } },
  })
})

describe('history', () => {
  test('is a table with the newest step first', async () => {
    const { stdout } = await tsbuild('history', 'app:1')
    const [header, first, second] = stdout.split('\n')
    expect(header).toMatch(/^LAYER +CREATED +SIZE +CREATED BY$/)
    expect(first).toMatch(/^ {12} .* ENV A=1$/)
    expect(second).toMatch(/^[0-9a-f]{12} .* COPY <<EOF \/hello$/)
  })

  test('is JSON with --json', async () => {
    const { stdout } = await tsbuild('history', '--json', 'app:1')
    expect(JSON.parse(stdout)).toMatchObject([{ createdBy: 'ENV A=1' }, { layer: { size: expect.any(Number) } }])
  })
})

describe('names', () => {
  test('are given by tag and taken by rmi', async () => {
    expect(await tsbuild('tag', 'app:1', 'other/app')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await names()).toEqual(['docker.io/library/app:1', 'docker.io/other/app:latest'])
    expect((await tsbuild('rmi', 'other/app')).stdout).toBe('Untagged: other/app:latest\n')
    expect(await names()).toEqual(['docker.io/library/app:1'])
  })

  test('that nobody has are an error with code 1', async () => {
    for (const args of [
      ['inspect', 'nope'],
      ['history', 'nope'],
      ['tag', 'nope', 'x'],
      ['rmi', 'nope'],
      ['validate', 'nope'],
    ]) {
      const { code, stderr } = await tsbuild(...args)
      expect([code, stderr]).toEqual([1, expect.stringContaining('[IMAGE_NOT_FOUND]')])
    }
  })
})

describe('archives', () => {
  test.each(['docker', 'oci'])('in the form %s are saved and loaded again', async (format) => {
    const file = path(`${format}.tar`)
    const saved = await tsbuild('save', '--format', format, '-o', file, 'app:1')
    expect(saved).toMatchObject({ code: 0, stdout: '' })
    expect(saved.stderr).toMatch(new RegExp(`^saved 1 image to .*${format}\\.tar \\(${format}, [\\d.]+ kB\\)\n$`))
    await tsbuild('rmi', 'app:1')
    expect(await tsbuild('load', '-i', file)).toMatchObject({ code: 0, stdout: 'loaded app:1\n' })
    expect(await tsbuild('validate', 'app:1')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^app:1: valid /),
    })
  })

  test('need a file', async () => {
    expect(await tsbuild('save', 'app:1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('-o FILE is missing'),
    })
    expect(await tsbuild('load', '-i', path('nothing.tar'))).toMatchObject({ code: 1, stdout: '' })
  })
})
