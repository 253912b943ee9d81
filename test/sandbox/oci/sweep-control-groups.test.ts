import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processMark } from '../../../lib/base/process-mark.ts'
import { sweepControlGroups } from '../../../lib/sandbox/oci/sweep-control-groups.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const dead = (): string => processMark().replace(/^\d+/, String(spawnSync('true').pid))

test('control groups of dead builders go, in every hierarchy and in one’s own group', () => {
  const hierarchies = temporaryDirectory()
  const groups = ['pids', 'memory/system.slice/job', ''].map((path) => join(hierarchies, path))
  const left = `tsbuild-${dead()}-0-0`
  const alive = `tsbuild-${processMark()}-0-0`
  const elsewhere = `tsbuild-${dead().replace(/-[0-9a-f]{8}-/, '-01234567-')}-0-0`
  const others = ['tsbuild-0-0', 'tsbuild-runner', dead()]
  for (const group of groups) {
    for (const name of [left, alive, elsewhere, ...others]) mkdirSync(join(group, name, 'inner'), { recursive: true })
  }
  sweepControlGroups(hierarchies, ['/system.slice/job'])
  for (const group of groups) {
    expect(readdirSync(group)).toEqual(expect.arrayContaining([alive, elsewhere, ...others]))
    expect(readdirSync(group)).not.toContain(left)
  }
})

test('a machine without control groups has nothing to sweep', () => {
  sweepControlGroups(join(temporaryDirectory(), 'none'))
})
