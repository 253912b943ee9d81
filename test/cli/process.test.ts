// The program as a shell sees it: bin/tsbuild.js on what `npm run build` made.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-process-'))
const path = (name: string): string => join(directory, name)

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

function tsbuild(
  args: readonly string[],
  act: (child: ChildProcess, stderr: string) => void = () => {},
  shell?: string,
  nodeOptions: readonly string[] = [],
): Promise<Ended> {
  return new Promise((done, fail) => {
    const env = { ...process.env, TSBUILD_HOME: path('store'), NO_COLOR: '1', FORCE_COLOR: undefined, SHELL: shell }
    const child = spawn(process.execPath, [...nodeOptions, join(root, 'bin/tsbuild.js'), ...args], { env })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
      act(child, stderr)
    })
    child.on('spawn', () => act(child, ''))
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }))
  })
}

beforeAll(() => {
  mkdirSync(path('context'))
  writeFileSync(path('context/Dockerfile'), 'FROM scratch\nCOPY . /\n')
  writeFileSync(path('context/large'), '')
  // Long enough to be interrupted: a sparse file takes no room, but seconds to read and compress.
  truncateSync(path('context/large'), 4_000_000_000)
  writeFileSync(path('Dockerfile'), `FROM scratch\n${'COPY a b c d /\n'.repeat(5000)}`)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  for (const flag of ['--version', '-v', 'version']) {
    expect(await tsbuild([flag])).toMatchObject({ code: 0, stdout: `tsbuild ${version}\n`, stderr: '' })
  }
})

test.each([
  [[''], ['build', 'lint', 'imagetools', 'completion'], ['--file']],
  [
    ['lint', '--'],
    ['--format', '--debug'],
    ['--tag', 'build'],
  ],
  [['--'], ['--tag', '--progress'], ['--no-progress', 'build']],
  [['build', '--progress', ''], ['plain', 'tty'], ['build']],
  [['imagetools', ''], ['create', 'tags'], ['build']],
  [['imagetools', 'create', '--'], ['--append'], ['--tags']],
])('a shell that asks what may come last in %j gets the likes of %j, and not %j', async (words, some, none) => {
  const { code, stdout, stderr } = await tsbuild(['--get-yargs-completions', 'tsbuild', ...words], undefined, 'bash')
  expect([code, stderr]).toEqual([0, ''])
  const lines = stdout.split('\n')
  expect(some.filter((text) => !lines.includes(text))).toEqual([])
  expect(none.filter((text) => lines.includes(text))).toEqual([])
})

test('completion prints a script that bash can read', async () => {
  const { code, stdout, stderr } = await tsbuild(['completion'], undefined, '/bin/bash')
  expect([code, stderr]).toEqual([0, ''])
  const asked = spawnSync('bash', ['-c', `${stdout}\ncomplete -p tsbuild`], { encoding: 'utf8' })
  expect([asked.stdout, asked.stderr]).toEqual([expect.stringMatching(/-F \S+ tsbuild$/m), ''])
})

test('a wrong command line ends with 2', async () => {
  expect(await tsbuild(['--nope', '.'])).toMatchObject({ code: 2, stdout: '' })
})

test('a reader that goes away ends output quietly', async () => {
  const ended = await tsbuild(['parse', '--json', path('Dockerfile')], (child) => child.stdout?.destroy())
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' })
})

test('a command that nothing can settle any more is a bug, and says so', async () => {
  writeFileSync(
    path('stuck.mjs'),
    'Object.defineProperty(process, "stdin", { value: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) } })',
  )
  const { code, stderr } = await tsbuild(['parse', '-'], undefined, undefined, ['--import', path('stuck.mjs')])
  expect([code, stderr]).toEqual([70, expect.stringMatching(/^error: this is a bug in tsbuild/)])
})

describe('what the environment refuses is no bug', () => {
  /** Runs a command line of a shell in which `tsbuild` is the program. */
  const inShell = (
    script: string,
  ): { readonly code: number | null; readonly stderr: string; readonly stdout: string } => {
    writeFileSync(path('small.Dockerfile'), 'FROM scratch\nCOPY Dockerfile /one\n')
    const program = `tsbuild() { ${process.execPath} ${join(root, 'bin/tsbuild.js')} "$@"; }; cd ${directory}; ${script}`
    const env = { ...process.env, TSBUILD_HOME: path('store'), NO_COLOR: '1' }
    const { status, stdout, stderr } = spawnSync('sh', ['-c', program], { encoding: 'utf8', env })
    return { code: status, stdout, stderr }
  }
  const FULL = /^error: cannot write standard output: ENOSPC: no space left on device, write \[OUTPUT_IO\]$/m

  test.each([
    'tsbuild -f small.Dockerfile -q context > /dev/full',
    'tsbuild -f small.Dockerfile -o - context > /dev/full',
    'tsbuild images > /dev/full',
    'tsbuild lint small.Dockerfile > /dev/full',
    'tsbuild help > /dev/full',
    'tsbuild --version > /dev/full',
  ])('%s', (script) => {
    const { code, stderr } = inShell(script)
    expect([code, stderr]).toEqual([1, expect.stringMatching(FULL)])
  })

  test('progress that can not be written fails the command, once it has done its work', () => {
    expect(inShell('tsbuild -f small.Dockerfile -t progress:1 context 2> /dev/full')).toMatchObject({
      code: 1,
      stdout: '',
    })
    expect(inShell('tsbuild images').stdout).toMatch(/progress:1/)
  })

  test.each([
    'tsbuild -f small.Dockerfile -o - context >&-',
    'tsbuild -f small.Dockerfile -t closed context && tsbuild save closed -o - >&-',
  ])('%s', (script) => {
    const { code, stderr } = inShell(script)
    expect(code).toBe(1)
    expect(stderr).toMatch(/error: cannot write standard output: it is closed \[OUTPUT_IO\]$/m)
    expect(stderr).not.toMatch(/wrote|saved/)
  })

  test('an output that nobody wants goes to /dev/null', () => {
    expect(inShell('tsbuild -f small.Dockerfile -o - context > /dev/null').code).toBe(0)
  })

  test.each(['900000', '1200000'])('ulimit -v %s', (limit) => {
    const { code, stderr } = inShell(`ulimit -v ${limit}; tsbuild -f small.Dockerfile context`)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: the address space is limited to .* \[SYSTEM_FAILED\]$/m)
    expect(stderr).toMatch(/^hint: allow more with `ulimit -v 1500000`/m)
  })
})

test('a tar goes to standard output, and nothing else does', async () => {
  writeFileSync(path('small.Dockerfile'), 'FROM scratch\nCOPY Dockerfile /one\n')
  const { code, stdout } = await tsbuild(['-f', path('small.Dockerfile'), '-o', '-', path('context')])
  expect(code).toBe(0)
  expect(stdout.slice(0, 4)).toBe('one\0')
  expect(stdout.length % 512).toBe(0)
})

describe('an interrupted build', () => {
  const once = (signal: NodeJS.Signals, when: RegExp): ((child: ChildProcess, stderr: string) => void) => {
    let sent = false
    return (child, stderr) => {
      if (sent || !when.test(stderr)) return
      sent = true
      child.kill(signal)
    }
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends on %s with %d, and leaves nothing behind', async (signal, code) => {
    const args = ['-t', 'large', '-o', `type=oci,dest=${path('large.tar')}`, path('context')]
    const ended = await tsbuild(args, once(signal, /^#1 /m))
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toMatch(/^interrupted$/m)
    expect(readdirSync(path('store/tmp'))).toEqual([])
    expect(readdirSync(directory)).not.toContain('large.tar')
  })

  test('ends at once when it is interrupted again', async () => {
    const first = once('SIGINT', /^#1 /m)
    const second = once('SIGINT', /interrupted: cleaning up/)
    const ended = await tsbuild([path('context')], (child, stderr) => {
      first(child, stderr)
      second(child, stderr)
    })
    // A signal that comes while Node.js itself winds up ends it by that signal, which a shell tells as the same status.
    const status = ended.signal === null ? ended.code : 128 + constants.signals[ended.signal]
    expect(status).toBe(130)
  })
})
