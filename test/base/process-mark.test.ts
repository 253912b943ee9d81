import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { parseProcessMark, processMark, stateOfProcess } from '../../lib/base/process-mark.ts'

test('a mark names its process, and each mark is another one', () => {
  const mark = processMark()
  expect(parseProcessMark(mark)?.pid).toBe(process.pid)
  expect(processMark()).not.toBe(mark)
  for (const other of ['', 'x', `${mark}-1`, '0-01234567-00000000', `.${mark}`]) {
    expect(parseProcessMark(other)).toBeUndefined()
  }
})

test('a process is alive until it ends, and a later process with its id is another one', async () => {
  const own = parseProcessMark(processMark())
  if (!own) throw new Error('a mark without a process')
  expect(stateOfProcess(own)).toBe('alive')
  expect(stateOfProcess({ ...own, space: '01234567' })).toBe('elsewhere')
  const child = spawn('sleep', ['100'])
  expect(stateOfProcess({ ...own, pid: child.pid ?? 0, start: '0000000000' })).toBe('alive')
  if (process.platform === 'linux') {
    // The id of the child, with the start of another process.
    expect(stateOfProcess({ ...own, pid: child.pid ?? 0, start: '0000000001' })).toBe('dead')
  }
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(stateOfProcess({ ...own, pid: spawnSync('true').pid })).toBe('dead')
})
