import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeFrame } from '../../lib/base/code-frame.ts'
import {
  failOnErrors,
  formatDiagnostic,
  formatError,
  messageOf,
  TsbuildError,
  withLocation,
} from '../../lib/base/errors.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const declared = [
  ...(/export type ErrorCode =(.*?)\n\n/s.exec(read('lib/base/errors.ts'))?.[1] ?? '').matchAll(/'([A-Z_]+)'/g),
].map((m) => m[1])
const texts = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|txt)$/.test(file))
    .map((file) => join(folder, file))

test('docs/errors.md lists every code, and no other', () => {
  const documented = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map((m) => m[1])
  expect(documented.toSorted()).toEqual(declared.toSorted())
})

test.each([
  ['lib', 'is used', ['lib/base/errors.ts']],
  ['test', 'is tested', ['test/base/errors.test.ts']],
])('every code in %s %s', (folder, _, except) => {
  const all = texts(folder)
    .filter((file) => !except.includes(file))
    .map(read)
    .join('\n')
  expect(declared.filter((code) => !new RegExp(`\\b${code}\\b`).test(all))).toEqual([])
})

const file = { name: 'Dockerfile', text: 'FROM a\nCOPY\tx y\nRUN z\n' }
const location = { file, span: { start: 12, end: 13 } }

test('a code frame shows the lines around, and marks what is meant', () => {
  expect(codeFrame(location)).toBe(['  1 | FROM a', '> 2 | COPY    x y', '    |         ^', '  3 | RUN z'].join('\n'))
})

test('a span over several lines is marked on each of them', () => {
  expect(codeFrame({ file, span: { start: 7, end: 20 } }, { context: 0 })).toBe(
    ['> 2 | COPY    x y', '    | ^^^^^^^^', '> 3 | RUN z', '    | ^^^^'].join('\n'),
  )
})

test('an error is its place, its message and code, a frame and a hint', () => {
  const error = new TsbuildError('COPY_SOURCE_NOT_FOUND', '"x" is not there', { location, hint: 'look again' })
  expect(formatError(error)).toBe(
    `Dockerfile:2:6: error: "x" is not there [COPY_SOURCE_NOT_FOUND]\n${codeFrame(location)}\nhint: look again`,
  )
  expect(formatError(new TsbuildError('STORE_IO', 'no space'))).toBe('error: no space [STORE_IO]')
})

test('all errors of a Dockerfile are thrown as one, warnings are not', () => {
  const problem = (severity: 'error' | 'warning', message: string) =>
    ({ severity, code: 'DOCKERFILE_SYNTAX', message, span: location.span }) as const
  expect(() => failOnErrors(file, [problem('warning', 'w')])).not.toThrow()
  expect(() => failOnErrors(file, [problem('warning', 'w'), problem('error', 'a'), problem('error', 'b')])).toThrow(
    expect.objectContaining({ message: 'a', others: [expect.objectContaining({ message: 'b' })] }),
  )
  expect(formatDiagnostic(file, problem('warning', 'w'))).toMatch(/^Dockerfile:2:6: warning: w \[DOCKERFILE_SYNTAX\]/)
})

describe('an error with changes', () => {
  const cause = new Error('no space')
  const other = new TsbuildError('STORE_IO', 'other')
  const error = new TsbuildError('STORE_IO', 'x', {
    ...{ hint: 'h', details: ['d'], step: '[1/1] RUN x', exitCode: 3, log: ['l'] },
    ...{ others: [other], cause },
  })
  const fields = {
    code: 'STORE_IO',
    message: 'x',
    hint: 'h',
    details: ['d'],
    step: '[1/1] RUN x',
    exitCode: 3,
    log: ['l'],
    others: [other],
    cause,
    location: undefined,
  }

  test.each([
    ['a location', { location }],
    ['a hint', { hint: 'new' }],
    ['details', { details: ['new'] }],
    ['others', { others: [] }],
  ])('keeps the rest when it gets %s, and stands for the same failure', (_, changes) => {
    const copy = error.with(changes)
    expect({ ...fields, ...copy, message: copy.message, cause: copy.cause }).toEqual({ ...fields, ...changes })
    expect(copy.stack).toBe(error.stack)
  })

  test.each([
    ['message', { message: 'new' }],
    ['code', { code: 'OUTPUT_IO' }],
  ] as const)('is the cause of the one with another %s', (_, changes) => {
    const copy = error.with({ ...changes, hint: undefined })
    expect({ ...copy, message: copy.message, cause: copy.cause }).toMatchObject({ ...fields, ...changes, cause: error })
    expect(copy.stack).toContain(`TsbuildError: ${copy.message}`)
  })

  test('gets a location only where it has none, and only if it is ours', () => {
    const placed = error.with({ location })
    expect(withLocation(placed, { file, span: { start: 0, end: 1 } })).toBe(placed)
    expect(withLocation(error, undefined)).toBe(error)
    expect(withLocation(error, location)).toMatchObject({ ...fields, location })
    expect(withLocation(cause, location)).toBe(cause)
  })
})

test.each([
  ['an error', new Error('x'), 'x'],
  ['a text', 'x', 'x'],
  ['nothing', undefined, 'undefined'],
])('%s that was thrown has a message', (_, thrown, message) => {
  expect(messageOf(thrown)).toBe(message)
})

test('an error as JSON has its message and its place, and not the source text', () => {
  const file = { name: 'Dockerfile', text: 'FROM scratch\nRUN x\n' }
  const location = { file, span: { start: 13, end: 16 } }
  const other = new TsbuildError('STORE_IO', 'another')
  const options = { location, hint: 'try', details: ['a line'], cause: new Error('why'), others: [other] }
  expect(JSON.parse(JSON.stringify(new TsbuildError('OPTION_INVALID', 'wrong', options)))).toEqual({
    name: 'TsbuildError',
    code: 'OPTION_INVALID',
    message: 'wrong',
    location: { file: 'Dockerfile', line: 2, column: 1 },
    hint: 'try',
    details: ['a line'],
    cause: 'why',
    others: [{ name: 'TsbuildError', code: 'STORE_IO', message: 'another' }],
  })
})
