import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BUSYBOX, buildDigest, startBuild, startCommand, writeProject } from '../../scripts/soak/project.ts'
import { isRoot } from '../support/programs.ts'
import { run } from '../support/run.ts'

const isPossible = isRoot('mounting a small disk') && existsSync(BUSYBOX)

/** Mounts a file system in memory, so small that a build fills it at one place or another. */
function mountSmall(directory: string, megabytes: number): void {
  mkdirSync(directory)
  run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory])
  onTestFinished(() => {
    spawnSync('umount', ['-l', directory])
  })
}

test.skipIf(!isPossible)(
  'a full disk fails a build with an error that says so, and later the store works',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsbuild-full-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const project = join(directory, 'project')
    writeProject(project)
    const expected = await buildDigest(project, { store: join(directory, 'store') })
    for (const megabytes of [1, 3, 5]) {
      const disk = join(directory, `disk-${megabytes}`)
      mountSmall(disk, megabytes)
      const store = join(disk, 'store')
      const { code, stderr } = await startBuild(project, { store }).ended
      expect(code).toBe(1)
      expect(stderr).toMatch(/ENOSPC|[Nn]o space left/)
      expect(stderr).not.toMatch(/this is a bug/)
      run('mount', ['-o', 'remount,size=400m', disk])
      expect(await buildDigest(project, { store })).toBe(expected)
    }
  },
  300_000,
)

test.skipIf(!isPossible)(
  'prune works on a full disk',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsbuild-full-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const project = join(directory, 'project')
    writeProject(project)
    const disk = join(directory, 'disk')
    mountSmall(disk, 60)
    const store = join(disk, 'store')
    const expected = await buildDigest(project, { store })
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(join(disk, 'rest'), Buffer.alloc(bavail * bsize))
    expect(statfsSync(disk).bavail).toBe(0)
    expect((await startBuild(project, { store, args: ['--no-cache'] }).ended).code).toBe(1)
    const { code, stdout } = await startCommand(['prune', '--force'], { store }).ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Total reclaimed space: [\d.]+ MB$/m) })
    expect(statfsSync(disk).bavail * bsize).toBeGreaterThan(1e6)
    // A build needs more for a while than it leaves.
    run('mount', ['-o', 'remount,size=400m', disk])
    expect(await buildDigest(project, { store })).toBe(expected)
  },
  300_000,
)
