// The process that carries out RUN steps dies, as when the system runs out of memory.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { staticBusybox } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { bin, type Run, tsbuild } from './tsbuild.ts'

const busybox = staticBusybox()
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-worker-death-'))
let base = ''
beforeAll(async () => {
  if (busybox !== undefined) base = await busyboxBase(busybox, directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const statusOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}
const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** The processes of a build with a store: the command line, and what it started to run steps. */
function workerOf(store: string): { readonly launchers: number[]; readonly isGone: () => boolean } {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const builder = pids.find((pid) => commandOf(pid).includes(bin) && commandOf(pid).includes(store))
  const children = pids.filter((pid) => new RegExp(`^PPid:\t${builder}$`, 'm').test(statusOf(pid)))
  const launchers = children.filter((pid) => commandOf(pid).includes('worker-main'))
  return { launchers: launchers.map(Number), isGone: () => launchers.every((pid) => commandOf(pid) === '') }
}

/** Builds a Dockerfile in which `ADD $URL` gets its answer once `act` has been done. */
async function buildWith(lines: readonly string[], act: (store: string) => Promise<void>): Promise<Run> {
  const store = temporaryDirectory()
  const server = createServer((_request, response) => {
    void act(store).finally(() => response.end('content'))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`
  const context = temporaryDirectory()
  writeFileSync(join(context, 'Dockerfile'), lines.join('\n').replaceAll('$URL', url))
  try {
    const args = ['--progress=plain', '--store', store, '--build-context', `base=oci-layout://${base}`, context]
    return await tsbuild(args, { store })
  } finally {
    server.close()
  }
}

async function killWorker(store: string): Promise<void> {
  const { launchers, isGone } = workerOf(store)
  expect(launchers).toHaveLength(1)
  for (const pid of launchers) process.kill(pid, 'SIGKILL')
  while (!isGone()) await wait(5)
}

describe.skipIf(busybox === undefined)('a worker that was killed', () => {
  test('between two steps fails the next step at its place', async () => {
    const lines = ['FROM base', 'RUN true', 'ADD $URL /file', 'RUN echo never > /never']
    const { code, stderr } = await buildWith(lines, killWorker)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /Dockerfile:4:1: error: the process that runs steps ended: killed by SIGKILL \[SANDBOX_FAILED\]$/m,
    )
    expect(stderr).toMatch(/^hint: something killed it: maybe the system ran out of memory$/m)
  })

  test('during a step fails the step', async () => {
    const lines = ['FROM base AS a', 'ADD $URL /file', 'FROM base', 'RUN sleep 600', 'COPY --from=a /file /']
    const { code, stderr } = await buildWith(lines, async (store) => {
      const pids = (): string[] => readdirSync('/proc').filter((pid) => commandOf(pid) === 'sleep\x00600\x00')
      while (pids().length === 0) await wait(5)
      await killWorker(store)
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/Dockerfile:4:1: error: the process that runs steps ended: killed by SIGKILL/)
  })

  test('is not missed by a build that no longer needs it', async () => {
    const { code } = await buildWith(['FROM base', 'RUN true', 'ADD $URL /file'], killWorker)
    expect(code).toBe(0)
  })
})
