import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errnoOf, hasErrno, ifExists, isMissingFile, isSystemError } from '../../lib/base/errno.ts'
import { TsbuildError } from '../../lib/base/errors.ts'

/** The error of reading a path. */
function readError(path: string): unknown {
  try {
    readFileSync(path)
  } catch (error) {
    return error
  }
  throw new Error(`${path} can be read`)
}

const missing = readError('/no/such/file')
const throughFile = readError(join(import.meta.filename, 'below'))
const directory = readError('/')
const argument = readError('a\0b')

test.each<[title: string, error: unknown, errno: string | undefined, isMissing: boolean, isSystem: boolean]>([
  ['a missing file', missing, 'ENOENT', true, true],
  ['a path through a file', throughFile, 'ENOTDIR', true, true],
  ['another failed system call', directory, 'EISDIR', false, true],
  ['a check of Node.js', argument, 'ERR_INVALID_ARG_VALUE', false, false],
  ['an error without a code', new Error('x'), undefined, false, false],
  ['a code that is a number', Object.assign(new Error('x'), { code: 5 }), undefined, false, false],
  ['an object that is no error', { code: 'ENOENT', syscall: 'open' }, undefined, false, false],
  ['nothing', undefined, undefined, false, false],
  ['an error of this library', new TsbuildError('BLOB_NOT_FOUND', 'x', { cause: missing }), undefined, false, false],
])('%s has the right code', (_, error, errno, isMissing, isSystem) => {
  expect(errnoOf(error)).toBe(errno)
  expect(isMissingFile(error)).toBe(isMissing)
  expect(isSystemError(error)).toBe(isSystem)
})

test('an error is compared with several codes', () => {
  expect(hasErrno(missing, 'EPERM', 'ENOENT')).toBe(true)
  expect(hasErrno(missing, 'EPERM')).toBe(false)
  expect(hasErrno(missing)).toBe(false)
  expect(hasErrno(new Error('x'), 'ENOENT')).toBe(false)
})

test('only a missing file is undefined instead of an error', () => {
  expect(ifExists(() => 5)).toBe(5)
  expect(ifExists(() => readFileSync('/no/such/file'))).toBeUndefined()
  expect(() => ifExists(() => readFileSync('/'))).toThrow('EISDIR')
})
