import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeBlock } from '../../../lib/cli/ci/code-block.ts'
import { annotationLine, openWorkflow } from '../../../lib/cli/ci/github-workflow.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { cli } from '../run-cli.ts'

const at = { cwd: '/repo/app', workspace: '/repo' }

test.each([
  ['a place', { file: 'Dockerfile', line: 3, column: 5 }, '::error file=app/Dockerfile,line=3,col=5,title=CODE::text'],
  ['no place', {}, '::error title=CODE::text'],
  ['a file elsewhere', { file: '/etc/passwd', line: 1 }, '::error title=CODE::text'],
  ['a file above', { file: '../../x', line: 1 }, '::error title=CODE::text'],
  ['a name with commas', { file: 'a,b:c%', line: 1 }, '::error file=app/a%2Cb%3Ac%25,line=1,title=CODE::text'],
  ['several lines', { message: 'a\n::set-env name=X::1\r\n' }, '::error title=CODE::a%0A::set-env name=X::1%0D%0A'],
])('an annotation with %s', (_, more, line) => {
  expect(annotationLine({ kind: 'error', title: 'CODE', message: 'text', ...more }, at)).toBe(line)
})

test('there is no workflow elsewhere', () => {
  const err = { write: () => expect.unreachable() } as never
  expect(openWorkflow({ env: { CI: 'true' }, cwd: '/', err })).toBeUndefined()
})

test('a block of code holds any text', () => {
  expect(codeBlock('a\n```\nb')).toBe('````\na\n```\nb\n````\n')
})

/** Lines of output that GitHub would obey, as its runner reads them. */
function obeyed(output: string): readonly string[] {
  let word: string | undefined
  const lines: string[] = []
  for (const line of output.split('\n').map((text) => text.trimStart())) {
    if (word !== undefined) word = line === `::${word}::` ? undefined : word
    else if (line.startsWith('::stop-commands::')) word = line.slice('::stop-commands::'.length)
    else if (/^::[a-z-]+(?: [^:]*)?::|##\[/.test(line)) lines.push(line)
  }
  expect(word).toBeUndefined()
  return lines
}

async function buildInWorkflow(dockerfile: string) {
  const directory = temporaryDirectory()
  const summary = join(directory, 'summary')
  writeFileSync(join(directory, 'Dockerfile'), dockerfile)
  const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: directory, GITHUB_STEP_SUMMARY: summary, CI: 'true' }
  const run = await cli(['--store', join(directory, 'store'), '-t', 'app:1', directory], { env, cwd: directory })
  return { ...run, summary: () => readFileSync(summary, 'utf8') }
}

test('a build that fails is an annotation at its line, and in the summary', async () => {
  const run = await buildInWorkflow('FROM scratch\nCOPY ::error::x /\n')
  expect(run.code).toBe(1)
  expect(obeyed(run.stderr)).toEqual([
    expect.stringMatching(/^::error file=Dockerfile,line=2,col=6,title=COPY_SOURCE_NOT_FOUND::/),
  ])
  expect(run.summary()).toContain('COPY_SOURCE_NOT_FOUND')
})

test('a build has a summary', async () => {
  const run = await buildInWorkflow('FROM scratch\nCOPY Dockerfile /\n')
  expect(run.code).toBe(0)
  expect(run.summary()).toMatch(/\| name \| `app:1` \|\n\| digest \| `sha256:/)
  expect(run.summary()).toContain('COPY Dockerfile /\n    it was never built here')
  expect(obeyed(run.stderr)).toEqual([])
})
