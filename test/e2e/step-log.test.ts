// The output of steps: clipped by default, and held back while nobody reads it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { staticBusybox } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { bin, type Run, tsbuild } from './tsbuild.ts'

const busybox = staticBusybox()
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-step-log-'))
const store = join(directory, 'shared')
let base = ''
beforeAll(async () => {
  if (busybox !== undefined) base = await busyboxBase(busybox, directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const ALL = { BUILDKIT_STEP_LOG_MAX_SIZE: '-1', BUILDKIT_STEP_LOG_MAX_SPEED: '-1' }
const CLIPPED = /\[output clipped, log limit \S+ reached\]/

function prepare(command: string, ...args: readonly string[]): string[] {
  const context = temporaryDirectory()
  writeFileSync(join(context, 'Dockerfile'), `FROM base\nRUN ${command}\n`)
  return ['--progress=plain', '--no-cache', '--build-context', `base=oci-layout://${base}`, ...args, context]
}

const built = (command: string, env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Run> =>
  tsbuild(prepare(command, ...args), { store, env })

/** 1.2 MB in lines that say where they are. */
const COUNT = 'seq 100000 270000'

describe.skipIf(busybox === undefined)('the output of a step', () => {
  test('is clipped at the speed of BuildKit', async () => {
    const { code, stderr } = await built(`${COUNT}; sleep 1.1; echo slower`, {})
    expect(code).toBe(0)
    expect(stderr).toMatch(/\[output clipped, log limit 200KiB\/s reached\]/)
    expect(stderr.match(new RegExp(CLIPPED, 'g'))).toHaveLength(1)
    expect(stderr).toMatch(/ 110000$/m)
    expect(stderr).not.toMatch(/ 250000$/m)
  })

  test('is clipped at a size, each stream on its own', async () => {
    const env = { BUILDKIT_STEP_LOG_MAX_SIZE: '1048576', BUILDKIT_STEP_LOG_MAX_SPEED: '-1' }
    const { code, stderr } = await built(`${COUNT}; echo to stderr >&2; echo nev''er`, env)
    expect(code).toBe(0)
    expect(stderr).toMatch(/\[output clipped, log limit 1MiB reached\]/)
    expect(stderr).toMatch(/ 240000$/m)
    expect(stderr).not.toMatch(/ 260000$/m)
    expect(stderr).toMatch(/ to stderr$/m)
    expect(stderr).not.toMatch(/ never$/m)
  })

  test.each([
    ['the variables of BuildKit', ALL, []],
    ['--full-log', {}, ['--full-log']],
  ])('is whole with %s', async (_how, env, args) => {
    const { stderr } = await built(COUNT, env, ...args)
    expect(stderr).not.toMatch(CLIPPED)
    expect(stderr.match(/^#\d+ [\d.]+ \d{6}$/gm)).toHaveLength(170_001)
  })

  test('has its end, though clipped, when the step fails', async () => {
    const { code, stderr } = await built(`echo reason >&2; ${COUNT}; echo out; echo last words >&2; exit 3`, {})
    expect(code).toBe(1)
    expect(stderr).toMatch(CLIPPED)
    expect(stderr).not.toMatch(/ 150000$/m)
    expect(stderr).toMatch(/^#\d+ [\d.]+ 269999$/m)
    expect(stderr).toMatch(/^its last output:\n( {2}\d{6}\n)+ {2}(out\n {2}last words|last words\n {2}out)\n/m)
  })

  test.each([['BUILDKIT_STEP_LOG_MAX_SIZE'], ['BUILDKIT_STEP_LOG_MAX_SPEED']])(
    'is not built with an invalid %s',
    async (name) => {
      const { code, stderr } = await built('true', { [name]: '2m' })
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} must be a number of bytes, not "2m"`)])
    },
  )

  test('takes no memory while a reader is slow', async () => {
    const length = 60_000_000
    const args = prepare(`yes 0123456789abcdef | head -c ${length}; echo END`)
    const child = spawn(process.execPath, [bin, ...args], {
      env: { ...process.env, ...ALL, TSBUILD_HOME: store },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    // Nothing is read until the output stands still.
    while (!(await standsStill(child.pid ?? 0))) await wait(100)
    let most = 0
    let measured = 0
    let bytes = 0
    let end = ''
    for await (const chunk of child.stderr) {
      bytes += (chunk as Buffer).length
      end = (end + chunk).slice(-2000)
      if (bytes < measured) continue
      most = Math.max(most, ...family(child.pid ?? 0).map(peak))
      measured += 10_000_000
    }
    expect(await ended).toBe(0)
    expect(bytes).toBeGreaterThan(length)
    expect(end).toMatch(/END$/m)
    // All of the output would be some 450 MB.
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(300)
  })

  test('does not keep a build from being aborted while its reader stands still', async () => {
    const program = join(temporaryDirectory(), 'abort.mjs')
    const options = {
      dockerfile: { text: 'FROM base\nRUN yes 0123456789abcdef\n' },
      buildContexts: { base: `oci-layout://${base}` },
      store,
    }
    writeFileSync(
      program,
      `import { build } from ${JSON.stringify(join(bin, '../../dist/index.js'))}
      const stop = new AbortController()
      const logLimit = { bytes: Infinity, bytesPerSecond: Infinity }
      const running = build({ ...${JSON.stringify(options)}, context: new Map(), run: { logLimit }, signal: stop.signal })
      for await (const { type } of running) {
        if (type !== 'log') continue
        setTimeout(() => stop.abort(new Error('enough')), 500)
        console.log(await running.catch(({ message }) => message))
        break
      }`,
    )
    expect(run('node', [program])).toBe('enough\n')
  })
})

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended meanwhile.
    return ''
  }
}

/** A process and all processes that it started. */
function family(pid: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(/^PPid:\t(\d+)$/m.exec(read(`/proc/${name}/status`))?.[1])]),
  )
  const found = [pid]
  for (const at of found) for (const [child, parent] of parents) if (parent === at) found.push(child)
  return found
}

/** The most memory that a process took so far, in MB. */
const peak = (pid: number): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1000

/** Whether the processes of a step have begun, and none of them uses the CPU. */
async function standsStill(pid: number): Promise<boolean> {
  const times = (): string => {
    const all = family(pid)
    // The shell, and its two children, which are applets of its own.
    if (all.filter((one) => read(`/proc/${one}/cmdline`).includes('head -c')).length < 3) return ''
    return all.map((one) => read(`/proc/${one}/stat`).split(' ').slice(13, 15).join()).join('|')
  }
  const before = times()
  await wait(1000)
  return before !== '' && before === times()
}
