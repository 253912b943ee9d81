// Hints of builds that fail because of a name.

import { expect, test } from 'vitest'
import { SYSTEM_CLOCK } from '../../lib/executor/clock.ts'
import { planSecret } from '../../lib/executor/run/mounts/plan-secret.ts'
import type { SecretSource } from '../../lib/executor/run-options.ts'
import { build, parse, resolveMount } from '../../lib/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('a Dockerfile on a stream comes without files', async () => {
  const stream = (async function* () {
    yield Buffer.from('FROM scratch\nCOPY a /\n')
  })()
  await expect(build({ context: { stream }, store: temporaryDirectory() })).rejects.toMatchObject({
    code: 'COPY_SOURCE_NOT_FOUND',
    hint: expect.stringContaining('a Dockerfile on standard input comes without files'),
  })
})

test.each([
  ['FROM scratch AS build\nCOPY Dockerfile /\nFROM scratch\nCOPY --from=biuld / /\n', 'biuld'],
  ['FROM scratch AS build\nCOPY Dockerfile /\nFROM buidl\n', 'buidl'],
])('an image that is nearly a stage: %j', async (text, name) => {
  const fetch = async (): Promise<Response> => new Response('no', { status: 404 })
  const failing = build({ context: { Dockerfile: text }, store: temporaryDirectory(), fetch, env: {} })
  await expect(failing).rejects.toMatchObject({
    message: expect.stringContaining(name),
    hint: expect.stringMatching(/^did you mean the stage "build"\?/),
    location: { file: { name: 'Dockerfile' } },
  })
})

test.each<[given: readonly string[], hint: string]>([
  [[], 'pass it with --secret id=npm,src=FILE or --secret id=npm,env=NAME'],
  [['npn'], 'or did you mean the secret "npn", which was given?'],
  [['token', 'key'], 'given were "token", "key"'],
])('a required secret that is not among %j', (given, hint) => {
  const secrets = Object.fromEntries(given.map((id): [string, SecretSource] => [id, { kind: 'value', value: 'x' }]))
  const [, run] = parse('FROM scratch\nRUN --mount=type=secret,id=npm,required true\n').instructions
  if (run?.kind !== 'RUN' || !run.mounts[0]) throw new Error('no mount')
  const mount = resolveMount(run.mounts[0], (value) => value)
  const session = {
    run: { secrets },
    access: { clock: SYSTEM_CLOCK, env: {}, fetch: undefined, secrets },
    warn: () => {},
  }
  expect(() => planSecret(mount, '/', session)).toThrow(
    expect.objectContaining({ code: 'SECRET_NOT_FOUND', hint: expect.stringContaining(hint) }),
  )
})
