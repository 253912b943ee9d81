// Builds with RUN in stores that share nothing but a cache in Debian's docker-registry, by root and by another user.
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BUSYBOX } from '../../scripts/soak/project.ts'
import { hasDebianRegistry, startDebianRegistry } from '../registry/debian-registry.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { type Run, succeed, tsbuild } from './tsbuild.ts'

const USER = 12347
const isPossible =
  isRoot('building as two users') && requires('setpriv') && staticBusybox() !== undefined && hasDebianRegistry()

/** Each RUN prints what differs from run to run, so that only a hit gives the same image. */
const DOCKERFILE = `FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
FROM base AS build
WORKDIR /src
COPY package .
RUN --mount=type=cache,target=/root/.cache od -An -N8 -tx1 /dev/urandom > installed && chown -R 7:8 /src
COPY . .
RUN mkdir /out && cat main > /out/app && od -An -N8 -tx1 /dev/urandom >> /out/app
FROM base
COPY --from=build --chown=7 /out/app /srv/app
RUN --mount=type=bind,source=main,target=/main od -An -N8 -tx1 /dev/urandom > /run-by && chmod 4755 /run-by
`

interface Job {
  readonly directory: string
  readonly args: (name: string) => readonly string[]
}

/** A directory that the other user can use, with the project in it. */
function newJob(host: string, { owner = 0, main = 'main\n' } = {}): Job {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-cache-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const project = join(directory, 'project')
  mkdirSync(project)
  cpSync(BUSYBOX, join(project, 'busybox'))
  for (const [name, text] of Object.entries({ Dockerfile: DOCKERFILE, package: '{}\n', main })) {
    writeFileSync(join(project, name), text, { mode: 0o644 })
  }
  const cache = `type=registry,ref=${host}/app:cache`
  const args = (name: string): readonly string[] => [
    '--progress=plain',
    `--metadata-file=${join(directory, 'metadata')}`,
    ...['--cache-from', cache, '--cache-to', `${cache},mode=max`, '-t', `${host}/app:${name}`, '--push', project],
  ]
  if (owner !== 0) chownSync(directory, owner, owner)
  return { directory, args }
}

const options = ({ directory }: Job, user = 0): Parameters<typeof succeed>[1] => ({
  store: join(directory, 'store'),
  ...(user !== 0 && {
    within: ['setpriv', '--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', 'env', `HOME=${directory}`],
  }),
})

const digestOf = ({ directory }: Job): string =>
  JSON.parse(readFileSync(join(directory, 'metadata'), 'utf8'))['containerimage.digest']

const uncached = ({ stderr }: Run): readonly string[] =>
  [...stderr.matchAll(/^#(\d+) (\[.*)$/gm)].flatMap(([, id, name]) =>
    stderr.includes(`#${id} CACHED\n`) ? [] : [name ?? ''],
  )

describe.skipIf(!isPossible)('a cache in a registry', () => {
  test('gives the same image to other users, from nothing', async () => {
    const host = await startDebianRegistry()
    const first = newJob(host)
    await succeed(first.args('1'), options(first))
    for (const user of [0, USER]) {
      const job = newJob(host, { owner: user })
      const run = await succeed(job.args('2'), options(job, user))
      expect(uncached(run)).toEqual([])
      expect(digestOf(job)).toBe(digestOf(first))
      expect(run.stderr).toContain('(0 B sent)')
      expect(run.stderr).toContain('the cache has it all')
    }
  })

  test('lets only what follows a change run again', async () => {
    const host = await startDebianRegistry()
    const first = newJob(host)
    await succeed(first.args('1'), options(first))
    const job = newJob(host, { owner: USER, main: 'changed\n' })
    const run = await succeed(job.args('2'), options(job, USER))
    expect(uncached(run)).toEqual([
      '[build 4/5] COPY . .',
      expect.stringContaining('[build 5/5] RUN'),
      expect.stringContaining('COPY --from=build'),
      expect.stringContaining('RUN --mount=type=bind'),
    ])
    // Both images are in the cache now.
    for (const main of ['main\n', 'changed\n']) {
      const again = newJob(host, { main })
      expect(uncached(await succeed(again.args('3'), options(again)))).toEqual([])
      expect(digestOf(again)).toBe(digestOf(main === 'main\n' ? first : job))
    }
  })

  test('survives builds that are killed while they export', async () => {
    const host = await startDebianRegistry()
    for (const main of ['a', 'b', 'c', 'd', 'e']) {
      const job = newJob(host, { main })
      const kill = { signal: 'SIGKILL', when: /exporting cache/ } as const
      const { code, signal } = await tsbuild(job.args(main), { ...options(job), kill })
      expect([code, signal]).toEqual([null, 'SIGKILL'])
    }
    const last = newJob(host)
    await succeed(last.args('last'), options(last))
    const again = newJob(host)
    const run = await succeed(again.args('again'), options(again))
    expect(uncached(run)).toEqual([])
    expect(run.stderr).not.toContain('warning')
    expect(digestOf(again)).toBe(digestOf(last))
  })
})
