import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lock, tryLock } from '../../../../lib/executor/worker/mounts/file-lock.ts'

const module = join(import.meta.dirname, '../../../../lib/executor/worker/mounts/file-lock.ts')

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

/** Starts a program over `lock`, `tryLock`, `path` and `report`, which sends a line to the test. */
function start(program: string): ChildProcess {
  const source = `import { lock, tryLock } from ${JSON.stringify(module)}
    import { existsSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
    import { setTimeout as wait } from 'node:timers/promises'
    const path = ${JSON.stringify(join(directory, 'lock'))}
    const owner = ${JSON.stringify(join(directory, 'owner'))}
    const report = (text) => writeSync(1, text + '\\n')
    const signal = new AbortController().signal
    ${program}`
  const args = ['--import', 'tsx', '--input-type=module', '-e', source]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

test.each([undefined, ''])('two of the same process exclude each other, by the helper %o', async (helper) => {
  // Without a helper, flock of util-linux locks.
  if (helper !== undefined) vi.stubEnv('TSBUILD_SANDBOX_HELPER', helper)
  const path = join(directory, 'lock')
  const first = await tryLock(path)
  expect(first).toEqual({ release: expect.any(Function) })
  expect(await tryLock(path)).toBeUndefined()
  first?.release()
  first?.release()
  const second = await tryLock(path)
  expect(second).toEqual({ release: expect.any(Function) })
  second?.release()
})

test('the lock of a killed process is free, and who waits gets it', async () => {
  const child = start(`await lock(path, signal); report('held'); setInterval(() => {}, 1000)`)
  if (!child.stdout) throw new Error('a child without output')
  await once(child.stdout, 'data')
  const path = join(directory, 'lock')
  expect(await tryLock(path)).toBeUndefined()
  const waiting = lock(path, new AbortController().signal, () => child.kill('SIGKILL'))
  ;(await waiting).release()
})

test('a program that is started while the lock is held does not hold it', async () => {
  const path = join(directory, 'lock')
  const held = await lock(path, new AbortController().signal)
  const child = spawn('sleep', ['100'])
  held.release()
  const again = await tryLock(path)
  expect(again).toEqual({ release: expect.any(Function) })
  again?.release()
  child.kill('SIGKILL')
})

// Holders die with and without releasing, and waiters die, too. Each takes the place of the one before it.
const CONTENDER = `
  // A process that is ending has released its lock, and does nothing any more: PF_EXITING, or a zombie.
  const lives = (pid) => {
    try {
      const [state, ...fields] = readFileSync('/proc/' + pid + '/stat', 'latin1').split(') ').at(-1).split(' ')
      return state !== 'Z' && (Number(fields[5]) & 4) === 0
    } catch {
      return false
    }
  }
  for (let round = 0; round < 8; round++) {
    const held = await lock(path, signal)
    const before = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : 0
    if (before !== 0 && before !== process.pid && lives(before)) report('violation: ' + before + ' and ' + process.pid)
    writeFileSync(owner, String(process.pid))
    await wait(Math.random() * 10)
    if (readFileSync(owner, 'utf8') !== String(process.pid)) report('violation: overtaken')
    report('held')
    if (Math.random() < 0.25) process.kill(process.pid, 'SIGKILL')
    rmSync(owner, { force: true })
    held.release()
    if (Math.random() < 0.3) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Math.random() * 10)
  }`

test('only one of many holds the lock, though holders and waiters die', async () => {
  const outputs = await Promise.all(
    Array.from({ length: 6 }, async () => {
      let output = ''
      for (let life = 0; life < 3; life++) {
        const child = start(CONTENDER)
        child.stdout?.on('data', (chunk: Buffer) => {
          output += chunk.toString()
        })
        await once(child, 'close')
      }
      return output
    }),
  )
  const lines = outputs.join('').trim().split('\n')
  expect(lines.filter((line) => line !== 'held')).toEqual([])
  expect(lines.length).toBeGreaterThan(10)
}, 300_000)
