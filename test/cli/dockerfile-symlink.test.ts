// A Dockerfile that leads out of its context must not show what it leads to, whatever reads it.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { build } from '../../lib/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { cli } from './run-cli.ts'

test.each([
  ['build', ['build', 'CONTEXT']],
  ['build -f', ['build', '-f', 'CONTEXT/Dockerfile', 'CONTEXT']],
  ['build --check', ['build', '--check', 'CONTEXT']],
  ['build --call=outline', ['build', '--call=outline', 'CONTEXT']],
  ['build --call=targets', ['build', '--call=targets', 'CONTEXT']],
  ['lint', ['lint', 'CONTEXT']],
  ['lint --fix', ['lint', '--fix', 'CONTEXT']],
  ['lint FILE', ['lint', 'CONTEXT/Dockerfile']],
  ['lint in the working directory', ['lint']],
  ['graph', ['graph', 'CONTEXT']],
  ['parse', ['parse']],
])('%s does not follow a Dockerfile out of the context', async (_, args) => {
  const root = temporaryDirectory()
  const context = join(root, 'context')
  mkdirSync(context)
  writeFileSync(join(root, 'secret'), 'HUNTER2 hunter2\n')
  symlinkSync('../secret', join(context, 'Dockerfile'))
  const given = args.map((arg) => arg.replace('CONTEXT', context))
  const { code, stdout, stderr } = await cli(given, { cwd: context, env: { TSBUILD_HOME: join(root, 'store') } })
  expect([code, /hunter2/i.test(stdout + stderr)]).toEqual([1, false])
  expect(stderr).toContain('DOCKERFILE_NOT_FOUND')
})

test('lint --fix writes to the file in the context that a Dockerfile leads to', async () => {
  const context = temporaryDirectory()
  writeFileSync(join(context, 'real'), 'FROM scratch AS a\nMAINTAINER me\n')
  symlinkSync('/real', join(context, 'Dockerfile'))
  const { code } = await cli(['lint', '--fix', context])
  expect([code, readFileSync(join(context, 'real'), 'utf8')]).toEqual([0, expect.stringContaining('LABEL')])
})

test('a build warns of ignore files that lead out of their contexts', async () => {
  const root = temporaryDirectory()
  for (const name of ['main', 'named']) {
    mkdirSync(join(root, name))
    symlinkSync('../secret', join(root, name, '.dockerignore'))
  }
  writeFileSync(join(root, 'secret'), '*')
  const dockerfile = { text: 'FROM scratch\nCOPY . /\nCOPY --from=named . /b/\n' }
  const warnings: string[] = []
  await build({
    context: join(root, 'main'),
    buildContexts: { named: join(root, 'named') },
    dockerfile,
    store: join(root, 'store'),
    onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
  })
  expect(warnings.map((text) => /\w+\/\.dockerignore/.exec(text)?.[0])).toEqual([
    'main/.dockerignore',
    'named/.dockerignore',
  ])
})
