// More steps at once than Node.js allows listeners without a warning.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { staticBusybox } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { succeed } from './tsbuild.ts'

const STEPS = 24
const busybox = staticBusybox()
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-many-steps-'))
let base = ''
beforeAll(async () => {
  if (busybox !== undefined) base = await busyboxBase(busybox, directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Builds stages that do not depend on each other, and returns what the build printed. */
async function buildStages(from: string, step: (n: number) => string): Promise<string> {
  const numbers = Array.from({ length: STEPS }, (_, n) => n)
  const stages = numbers.map((n) => `FROM ${from} AS s${n}\n${step(n)}\n`)
  const context = temporaryDirectory()
  const copies = numbers.map((n) => `COPY --from=s${n} /out /${n}\n`)
  writeFileSync(join(context, 'Dockerfile'), `${stages.join('')}FROM scratch\n${copies.join('')}`)
  const args = ['--progress=plain', '--build-context', `base=oci-layout://${base}`, context]
  return (await succeed(args, { store: temporaryDirectory() })).stderr
}

test.skipIf(busybox === undefined)('many RUN steps at once cause no warning', async () => {
  // Each waits for all, so that all run at once.
  const together = (n: number): string =>
    `RUN --mount=type=cache,target=/c,id=together touch /c/${n} /out; until [ $(ls /c | wc -l) = ${STEPS} ]; do sleep 0.1; done`
  expect(await buildStages('base', together)).not.toMatch(/warning/i)
})

test('many downloads at once cause no warning', async () => {
  const answers: (() => void)[] = []
  const server = createServer((_request, response) => {
    answers.push(() => response.end('content'))
    if (answers.length === STEPS) for (const answer of answers) answer()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  try {
    expect(await buildStages('scratch', (n) => `ADD http://127.0.0.1:${port}/${n} /out`)).not.toMatch(/warning/i)
  } finally {
    server.close()
  }
})
