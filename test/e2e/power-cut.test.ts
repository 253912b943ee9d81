// A power cut while a build runs: the disk keeps names whose contents it never got. The next build has to be right.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createLoopDisk, inAnotherBoot, loopDiskProblem } from '../../scripts/soak/loop-disk.ts'
import { BUSYBOX, buildDigest, startBuild, writeProject } from '../../scripts/soak/project.ts'

const problem = existsSync(BUSYBOX) ? loopDiskProblem() : `${BUSYBOX} is not installed`
if (problem !== undefined) console.warn(`skipped: a power cut can't be tried here: ${problem}`)

test.skipIf(problem !== undefined)(
  'after a power cut during a build, the same store builds the right image',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsbuild-power-cut-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const project = join(directory, 'project')
    writeProject(project)
    const expected = await buildDigest(project, { store: join(directory, 'store') })

    const disk = createLoopDisk(join(directory, 'disk'))
    onTestFinished(disk.remove)
    const build = startBuild(project, { store: join(disk.directory, 'store'), args: ['--progress=plain'], pause: 4 })
    // The disk gets the names of files after a second, and their contents after half a minute.
    await build.pausing
    for (const boot of ['first', 'second']) {
      await wait(1600)
      const cut = await disk.cutPower()
      onTestFinished(cut.remove)
      const within = inAnotherBoot(join(directory, boot))
      const store = join(cut.directory, 'store')
      expect(await buildDigest(project, { store, within })).toBe(expected)
      expect(await buildDigest(project, { store, within, args: ['--no-cache'] })).toBe(expected)
    }
    expect((await build.ended).code).toBe(0)
  },
  300_000,
)
