import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type BuildOptions, build, type ContextSource } from '../../lib/index.ts'
import { serve } from '../http/server.ts'
import { COMMIT_TIME, makeRepository, startGitServer } from '../support/git-server.ts'
import { makeTar } from '../support/make-tar.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { withEnvironment } from '../support/with-environment.ts'

const COPY = 'FROM scratch\nCOPY . /\n'
const EPOCH = 1_600_000_000
let store = ''
beforeEach(() => {
  store = temporaryDirectory()
})

/** The time that an image says it is from, in seconds since 1970. */
async function timeOf(context: ContextSource, more: Partial<BuildOptions> = {}): Promise<number> {
  const { image } = await build({ context, store, ...more })
  return Date.parse(image.config.created ?? '') / 1000
}

const memory = (text: string): ContextSource => new Map([['Dockerfile', text]])

test('a number counts wherever it is given: as an option, a build arg, in the environment, or as a default', async () => {
  expect(await timeOf(memory(COPY), { sourceDateEpoch: EPOCH, buildArgs: { SOURCE_DATE_EPOCH: '1' } })).toBe(EPOCH)
  const argument = { buildArgs: { SOURCE_DATE_EPOCH: String(EPOCH) } }
  expect(await timeOf(memory(`ARG SOURCE_DATE_EPOCH=1\n${COPY}`), argument)).toBe(EPOCH)
  await withEnvironment('SOURCE_DATE_EPOCH', String(EPOCH), async () => expect(await timeOf(memory(COPY))).toBe(EPOCH))
  expect(await timeOf(memory(`ARG T=160\nARG SOURCE_DATE_EPOCH=$${'{T}'}0000000\n${COPY}`))).toBe(EPOCH)
})

test.each(['-1', '1.5', 'tomorrow', '99999999999999'])('%s is no time', async (text) => {
  const buildArgs = { SOURCE_DATE_EPOCH: text }
  await expect(timeOf(memory(COPY), { buildArgs })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  await expect(timeOf(memory(`ARG SOURCE_DATE_EPOCH=${text}\n${COPY}`))).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  })
})

describe('the time of the context', () => {
  const sourceDateEpoch = 'context' as const

  test.skipIf(!requires('git'))('is that of the commit, for a git URL and for a checkout', async () => {
    const server = await startGitServer()
    const repository = makeRepository(join(server.root, 'app'))
    repository.commit({ Dockerfile: `ARG SOURCE_DATE_EPOCH=context\n${COPY}`, 'web/Dockerfile': COPY })
    const url = `${server.url}/app/.git`
    expect(await timeOf(url, { sourceDateEpoch })).toBe(COMMIT_TIME)
    expect(await timeOf(url)).toBe(COMMIT_TIME)
    expect(await timeOf(`${url}#main:web`, { buildArgs: { SOURCE_DATE_EPOCH: 'context' } })).toBe(COMMIT_TIME)
    expect(await timeOf(join(repository.directory, 'web'), { sourceDateEpoch })).toBe(COMMIT_TIME)
  })

  test('is what the server says, else that of the newest file of an archive', async () => {
    const mtime = new Date(EPOCH * 1000)
    const older = new Date(0)
    const tar = await makeTar({ name: 'Dockerfile', body: COPY, mtime }, { name: 'a', mtime: older })
    const origin = await serve((request, response) => {
      if (request.url !== '/silent') response.setHeader('last-modified', 'Thu, 02 Jan 2020 03:04:05 GMT')
      response.end(request.url === '/Dockerfile' ? COPY : tar)
    })
    expect(await timeOf(`${origin}/app.tar`, { sourceDateEpoch })).toBe(COMMIT_TIME)
    expect(await timeOf(`${origin}/Dockerfile`, { sourceDateEpoch })).toBe(COMMIT_TIME)
    expect(await timeOf(`${origin}/silent`, { sourceDateEpoch })).toBe(EPOCH)
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield tar
    }
    expect(await timeOf({ stream: stream() }, { sourceDateEpoch })).toBe(EPOCH)
  })

  test('is unknown, and an error, for files in memory and a directory that is no checkout', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'Dockerfile'), COPY)
    utimesSync(join(directory, 'Dockerfile'), EPOCH, EPOCH)
    for (const context of [memory(COPY), directory]) {
      await expect(timeOf(context, { sourceDateEpoch })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        hint: expect.stringContaining('git log'),
      })
    }
  })
})
