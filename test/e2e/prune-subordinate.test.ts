// An unprivileged user with subordinate ids: the files of steps belong to users that only a namespace has.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { environmentsNeed, inEnvironment } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { busyboxBase } from './busybox-base.ts'
import { bin } from './tsbuild.ts'

const busybox = staticBusybox()
const isPossible =
  isRoot('other users') && environmentsNeed.every((program) => requires(program)) && busybox !== undefined

const DOCKERFILE = `FROM base
RUN --mount=type=cache,target=/cache mkdir -p /cache/d /d && echo x > /cache/d/f && echo x > /d/f && \\
  chmod 700 /cache/d /d && chown -R 7:7 /cache/d /d
`

test.skipIf(!isPossible)('prune removes files of subordinate ids', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-subordinate-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const context = join(directory, 'context')
  mkdirSync(context)
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE)
  mkdirSync(join(directory, 'made'))
  const base = await busyboxBase(busybox ?? '', join(directory, 'made'))
  const build = `build -q --build-context base=oci-layout://${base} ${context}`
  const tsbuild = `${process.execPath} ${bin}`
  const script = `${tsbuild} ${build} && find $HOME/.cache/tsbuild/sandbox -name d | wc -l && ${tsbuild} prune -f -a >&2`
  let left: readonly string[] = []
  const { status, stdout, stderr } = inEnvironment('subordinate', ['sh', '-c', script], {
    after: (home) => {
      const paths = readdirSync(join(home, '.cache/tsbuild/sandbox'), { recursive: true, encoding: 'utf8' })
      left = paths.filter((path) => path.endsWith('/d'))
    },
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('Total reclaimed space') })
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n2\n$/)
  expect(left).toEqual([])
})
