// Runs the examples of the public API's documentation against the built package, as a user's program would.
import { execFile } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { publicNames } from '../../scripts/public-api.ts'
import { startRegistry } from '../registry/test-registry.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const root = resolve(import.meta.dirname, '../..')
const promised = publicNames('lib/index.ts').filter(({ kind }) => kind !== 'type')
const examples = promised.flatMap(({ name, examples: codes }) =>
  codes.map((code, index) => ({ name: `${name}-${index}`, code })),
)

/** The program that runs each example of a directory in turn, and prints what they print as JSON. */
const RUNNER = `
const results = {}
for (const name of process.argv.slice(2)) {
  const lines = []
  console.log = (...words) => lines.push(...words.map(String).join(' ').split('\\n'))
  try {
    await import(\`./\${name}.mjs\`)
  } catch (error) {
    lines.push(String(error.stack))
  }
  results[name] = lines
}
process.stdout.write(JSON.stringify(results))
`

/**
 * Lines that an example promises to print: the comments behind or below a console.log. Undefined for an output
 * that it does not tell.
 */
function expectedOf(code: string): readonly string[] | undefined {
  const calls = code.split('\n').flatMap((line, at, lines) => {
    if (!line.includes('console.log(')) return []
    const behind = / \/\/ (.*)$/.exec(line)?.[1]
    if (behind !== undefined) return [behind]
    const below = lines.slice(at + 1)
    const end = below.findIndex((next) => !next.startsWith('// '))
    return end === 0
      ? [undefined]
      : [
          below
            .slice(0, end === -1 ? undefined : end)
            .map((next) => next.slice(3))
            .join('\n'),
        ]
  })
  return calls.includes(undefined) ? undefined : calls.map((call) => call ?? '')
}

test('every promised function, class and value has an example', () => {
  expect(promised.length).toBeGreaterThan(40)
  expect(promised.filter(({ comment, examples: codes }) => comment === '' || codes.length === 0)).toEqual([])
})

test('the examples run and print what they say', async () => {
  const directory = temporaryDirectory()
  const registry = await startRegistry({ referrers: true })
  mkdirSync(join(directory, 'node_modules/@tsbuild'), { recursive: true })
  symlinkSync(root, join(directory, 'node_modules/@tsbuild/tsbuild'))
  for (const { name, code } of examples)
    writeFileSync(join(directory, `${name}.mjs`), code.replaceAll('localhost:5000', registry.host))
  writeFileSync(join(directory, 'run.mjs'), RUNNER)
  const { stdout } = await promisify(execFile)(process.execPath, ['run.mjs', ...examples.map(({ name }) => name)], {
    cwd: directory,
    env: { ...process.env, HOME: directory, DOCKER_CONFIG: directory, TSBUILD_HOME: join(directory, 'store') },
  })
  const printed = JSON.parse(stdout.replaceAll(registry.host, 'localhost:5000')) as Readonly<
    Record<string, readonly string[]>
  >
  const told = examples.filter(({ code }) => expectedOf(code))
  const silent = examples.filter(({ code }) => !expectedOf(code))
  expect(told.length).toBeGreaterThan(40)
  expect(Object.fromEntries(told.map(({ name }) => [name, printed[name]]))).toEqual(
    Object.fromEntries(told.map(({ name, code }) => [name, expectedOf(code)])),
  )
  for (const { name } of silent) expect(printed[name]?.join('\n')).not.toContain('Error')
})
