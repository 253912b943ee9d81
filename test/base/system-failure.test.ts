import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromErrorRecord, toErrorRecord } from '../../lib/base/error-record.ts'
import { TsbuildError } from '../../lib/base/errors.ts'
import { asSystemFailure } from '../../lib/base/system-failure.ts'

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: no luck, mkdir '/x'`), { code, syscall: 'mkdir', path: '/x' })

test.each([
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'ENXIO',
  'ESTALE',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
])('%s is a failure of the system, with a remedy', (code) => {
  const error = systemError(code)
  // The error may come from the process that runs steps.
  for (const given of [error, fromErrorRecord(toErrorRecord(error))]) {
    expect(asSystemFailure(given)).toMatchObject({
      code: 'SYSTEM_FAILED',
      message: `an operation of the system failed: ${code}: no luck, mkdir '/x'`,
      hint: expect.stringMatching(/./),
      cause: given,
    })
  }
})

test('anything else stays as it is', () => {
  const unexpected = (() => {
    try {
      return readFileSync('/nonexistent')
    } catch (error) {
      return error
    }
  })()
  for (const error of [
    unexpected,
    new Error('bug'),
    new TsbuildError('STORE_IO', 'x', { cause: systemError('ENOSPC') }),
    Object.assign(new Error('no system call'), { code: 'EACCES' }),
    undefined,
  ]) {
    expect(asSystemFailure(error)).toBe(error)
  }
})
