// `tsbuild-sandbox reap`: no descendant of its program is left, and it ends as the program does.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { nativeParts } from './native-step.ts'

const parts = nativeParts()

/** The processes whose arguments have a text. */
function running(text: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`sleep\0${text}\0`)
    } catch {
      // It ended meanwhile.
      return false
    }
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 600; tries++) await wait(50)
}

describe.skipIf(!parts)('reap', () => {
  const helper = parts?.helper ?? ''
  const mark = (n: number): string => `5${process.pid}${n}`
  const start = (script: string): ChildProcess => spawn(helper, ['reap', '/bin/sh', '-c', script], { stdio: 'ignore' })

  test.each([
    ['an exit code', 'exit 7', { status: 7, signal: null }],
    ['a signal', 'kill -9 $$', { status: null, signal: 'SIGKILL' }],
  ])('ends as its program does: %s', (_, script, expected) => {
    expect(spawnSync(helper, ['reap', '/bin/sh', '-c', script])).toMatchObject(expected)
  })

  test('says why a program does not start', () => {
    const { status, stderr } = spawnSync(helper, ['reap', '/nowhere/x'], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([127, expect.stringContaining('execute /nowhere/x: No such file')])
  })

  test('kills orphans, whatever session they are in', () => {
    const script = `(setsid sh -c 'setsid sleep ${mark(1)} & sleep ${mark(1)}' & sleep ${mark(1)} &); echo done`
    expect(spawnSync(helper, ['reap', '/bin/sh', '-c', script], { encoding: 'utf8' }).stdout).toBe('done\n')
    expect(running(mark(1))).toEqual([])
  })

  test('leaves SIGTERM to its program, and ends on SIGUSR2 with all of it', async () => {
    const child = start(`trap '' TERM; setsid sleep ${mark(2)} & sleep ${mark(2)}`)
    await until(() => running(mark(2)).length === 2)
    child.kill('SIGTERM')
    await wait(100)
    expect(running(mark(2))).toHaveLength(2)
    child.kill('SIGUSR2')
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    expect(running(mark(2))).toEqual([])
  })

  test('ends when its parent is killed', async () => {
    const script = `"$0" reap /bin/sh -c 'setsid sleep ${mark(3)} & sleep ${mark(3)}' & wait`
    const parent = spawn('/bin/sh', ['-c', script, helper], { stdio: 'ignore' })
    await until(() => running(mark(3)).length === 2)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await until(() => running(mark(3)).length === 0)
    expect(running(mark(3))).toEqual([])
  })
})
