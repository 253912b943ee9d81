import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CliOptions, type CliRun, cli } from './run-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-cli-'))
const context = join(directory, 'context')
const path = (name: string): string => join(directory, name)
const tsbuild = (args: readonly string[], options?: CliOptions): Promise<CliRun> =>
  cli(['--store', path('store'), ...args], options)
const imageID = /^sha256:[0-9a-f]{64}\n$/

beforeAll(async () => {
  const { mkdirSync } = await import('node:fs')
  mkdirSync(context)
  writeFileSync(
    join(context, 'Dockerfile'),
    'ARG WHO=nobody\nFROM scratch AS files\nARG WHO\nCOPY hello.txt /\nLABEL who=$WHO\nFROM files\nCMD ["/hello"]\n',
  )
  writeFileSync(join(context, 'hello.txt'), 'hello\n')
  writeFileSync(join(context, 'other.Dockerfile'), 'FROM scratch\nLABEL other=1\n')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function inspect(name: string): Promise<{ config: { config: { Labels?: Record<string, string> } } }> {
  return JSON.parse((await tsbuild(['inspect', name])).stdout)
}

describe('tsbuild build', () => {
  test('says what it does and what it made, on standard error', async () => {
    const { code, stdout, stderr } = await tsbuild(['-t', 'first', context])
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(
      /^#1 \[files 1\/1\] COPY hello\.txt \/\n#1 DONE \d+\.\ds\n\n✔ built in \d+\.\ds\n {2}name {6}first:latest\n/,
    )
  })

  test('with --quiet prints the image ID alone', async () => {
    const { code, stdout, stderr } = await tsbuild(['build', '-q', context])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(imageID)
  })

  test('with --progress=none prints nothing', async () => {
    expect(await tsbuild(['--progress', 'none', context])).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('with --progress=rawjson prints every event as a line of JSON', async () => {
    const { stderr } = await tsbuild(['--progress=rawjson', context])
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(events[0]).toMatchObject({ type: 'plan' })
    expect(events).toContainEqual(expect.objectContaining({ type: 'completed', cached: true }))
  })

  test('takes build args from the flag and from the environment, and labels', async () => {
    await tsbuild(['-t', 'given', '--build-arg', 'WHO=me', '--label', 'a=b=c', '--label', 'empty', context])
    expect((await inspect('given')).config.config.Labels).toEqual({ who: 'me', a: 'b=c', empty: '' })
    await tsbuild(['-t', 'environment', '--build-arg', 'WHO', context], { env: { WHO: 'you' } })
    expect((await inspect('environment')).config.config.Labels).toEqual({ who: 'you' })
    await tsbuild(['-t', 'unset', '--build-arg', 'WHO', context])
    expect((await inspect('unset')).config.config.Labels).toEqual({ who: 'nobody' })
  })

  test('reads the Dockerfile from a path or from standard input', async () => {
    await tsbuild(['-t', 'path', '-f', join(context, 'other.Dockerfile'), context])
    expect((await inspect('path')).config.config.Labels).toEqual({ other: '1' })
    await tsbuild(['-t', 'piped', '-f', '-', context], { stdin: 'FROM scratch\nCOPY hello.txt /\nLABEL from=stdin\n' })
    expect((await inspect('piped')).config.config.Labels).toEqual({ from: 'stdin' })
  })

  test('writes the image ID and metadata to files', async () => {
    const args = ['-q', '-t', 'files', '--iidfile', path('iid'), '--metadata-file', path('meta.json'), context]
    const { stdout } = await tsbuild(args)
    expect(readFileSync(path('iid'), 'utf8')).toBe(stdout.trimEnd())
    expect(JSON.parse(readFileSync(path('meta.json'), 'utf8'))).toMatchObject({
      'containerimage.config.digest': stdout.trimEnd(),
      'containerimage.descriptor': { platform: { os: 'linux' } },
      'image.name': 'docker.io/library/files:latest',
    })
  })

  test('that fails leaves no image ID of an earlier one, and ends with 1', async () => {
    writeFileSync(path('stale'), 'sha256:old')
    const { code, stderr } = await tsbuild(['--iidfile', path('stale'), '--target', 'fils', context])
    expect(code).toBe(1)
    expect(stderr).toContain('[TARGET_UNKNOWN]')
    expect(existsSync(path('stale'))).toBe(false)
  })

  test('that can’t write its files ends with 1', async () => {
    const { code, stderr } = await tsbuild(['--iidfile', path('nowhere/iid'), context])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: cannot write ".*nowhere\/iid": .* \[OUTPUT_IO\]$/m)
  })

  test('shows where in the Dockerfile an error is', async () => {
    const { code, stderr } = await tsbuild(['-f', '-', context], { stdin: 'FROM scratch\nCOPY missing.txt /\n' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^stdin:2:\d+: error: .*missing\.txt.* \[COPY_SOURCE_NOT_FOUND\]$/m)
    expect(stderr).toContain('> 2 | COPY missing.txt /')
  })

  test('shows stacks with --debug', async () => {
    expect((await tsbuild(['--debug', join(directory, 'no')])).stderr).toMatch(/\n {4}at /)
    expect((await tsbuild([join(directory, 'no')])).stderr).not.toMatch(/\n {4}at /)
  })

  test('shows with -D where an error with a location arose, and the stacks of its causes', async () => {
    writeFileSync(path('noise'), randomBytes(200_000))
    const archive = execFileSync('tar', ['-cz', '-C', directory, 'noise'])
    writeFileSync(join(context, 'cut.tar.gz'), archive.subarray(0, 100_000))
    const { code, stderr } = await tsbuild(['-D', '-f', '-', context], { stdin: 'FROM scratch\nADD cut.tar.gz /\n' })
    expect(code).toBe(1)
    const [report = '', ...stacks] = stderr.slice(stderr.indexOf('stdin:2:')).split(/\n(?=TsbuildError: |caused by: )/)
    expect(report).toMatch(/^stdin:2:\d+: error: cannot unpack ".*cut\.tar\.gz": .* \[ARCHIVE_INVALID\]$/m)
    expect(stacks).toEqual([
      expect.stringMatching(/^TsbuildError: cannot unpack ".*": invalid gzip data: unexpected end of file\n {4}at /),
      expect.stringMatching(/^caused by: TsbuildError: invalid gzip data: unexpected end of file\n {4}at /),
      expect.stringMatching(/^caused by: Error: unexpected end of file\n {4}at /),
    ])
    expect(stderr).not.toContain('withLocation')
  })

  test('writes outputs, and refuses what is not one', async () => {
    const { code, stderr } = await tsbuild(['-o', path('out'), '-o', `type=oci,dest=${path('out.tar')}`, context])
    expect(code).toBe(0)
    expect(stderr).toMatch(/wrote {5}.*out \(local\)\n {12}.*out\.tar \(oci, [\d.]+ kB\)\n/)
    expect(readFileSync(path('out/hello.txt'), 'utf8')).toBe('hello\n')
    expect(await tsbuild(['-o', 'type=parquet,dest=x', context])).toMatchObject({ code: 2, stdout: '' })
  })
})

test('tsbuild graph prints what a build would do', async () => {
  const { code, stdout } = await tsbuild(['graph', '--target', 'files', context])
  expect(code).toBe(0)
  expect(stdout).toContain('COPY hello.txt /')
  expect((await tsbuild(['graph', '--format', 'mermaid', context])).stdout).toMatch(/^flowchart /)
})
