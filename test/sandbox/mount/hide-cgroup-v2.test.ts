import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { hideCgroupV2 } from '../../../lib/sandbox/mount/hide-cgroup-v2.ts'
import type { Mounter } from '../../../lib/sandbox/mount/mounter.ts'
import { createSystemMounter } from '../../../lib/sandbox/mount/system-mounter.ts'
import { isRoot } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const root = isRoot('mounting control groups')
const OLDER = ['devices', 'memory', 'cpu', 'cpuset']

/** Whether it could be mounted; unmounted when the test is over. */
function mount(type: string, target: string, options: string): boolean {
  mkdirSync(target)
  if (spawnSync('mount', ['-t', type, '-o', options, type, target]).status !== 0) return false
  onTestFinished(() => {
    spawnSync('umount', ['-l', target])
  })
  return true
}

/** The hierarchies of a directory that are covered. */
async function coveredIn(directory: string, mounter: Pick<Mounter, 'tmpfs'>): Promise<readonly string[]> {
  const covered: string[] = []
  const tmpfs = (target: string): Promise<void> => {
    covered.push(target)
    return mounter.tmpfs(target)
  }
  await hideCgroupV2({ ...createSystemMounter(), tmpfs }, directory)
  return covered
}

test('where there are no control groups nothing is mounted', async () => {
  const directory = temporaryDirectory()
  const mounter = createSystemMounter()
  expect(await coveredIn(join(directory, 'nowhere'), mounter)).toEqual([])
  mkdirSync(join(directory, 'unified'))
  expect(await coveredIn(directory, mounter)).toEqual([])
})

test.skipIf(!root)(
  'the newer ones stay in sight where the older ones lack a hierarchy that steps need',
  async ({ skip }) => {
    const directory = temporaryDirectory()
    if (!mount('cgroup2', join(directory, 'unified'), 'ro')) skip('cgroup2 can not be mounted here')
    const mounter = createSystemMounter()
    expect(await coveredIn(directory, mounter)).toEqual([])
    for (const name of OLDER.slice(1)) mount('cgroup', join(directory, name), name)
    mkdirSync(join(directory, 'devices'))
    expect(await coveredIn(directory, mounter)).toEqual([])
  },
)

test.skipIf(!root)('the newer ones are covered where the older ones have all that steps need', async ({ skip }) => {
  const directory = temporaryDirectory()
  const newer = join(directory, 'unified')
  const mounted = [mount('cgroup2', newer, 'ro'), ...OLDER.map((name) => mount('cgroup', join(directory, name), name))]
  if (mounted.includes(false)) skip('this machine has no control groups of both versions')
  const refused = { tmpfs: () => Promise.reject(new Error('not here')) }
  expect(await coveredIn(directory, refused)).toEqual([newer])
  expect(readdirSync(newer)).toContain('cgroup.controllers')

  onTestFinished(() => {
    spawnSync('umount', [newer])
  })
  expect(await coveredIn(directory, createSystemMounter())).toEqual([newer])
  expect(readdirSync(newer)).toEqual([])
  expect(await coveredIn(directory, createSystemMounter())).toEqual([])
})
