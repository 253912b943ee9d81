import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hasErrno } from '../../lib/base/errno.ts'
import { fromErrorRecord, toErrorRecord } from '../../lib/base/error-record.ts'
import { TsbuildError } from '../../lib/base/errors.ts'

/** The error at the other end of a channel that carries JSON. */
const sent = (error: unknown): Error => fromErrorRecord(JSON.parse(JSON.stringify(toErrorRecord(error))))

function missingFile(): unknown {
  try {
    return readFileSync('/no/such/file')
  } catch (error) {
    return error
  }
}

test('an error keeps all that it knows on its way to another process', () => {
  const error = new TsbuildError('STORE_IO', 'x', {
    location: { file: { name: 'Dockerfile', text: 'FROM a' }, span: { start: 0, end: 4 } },
    hint: 'h',
    details: ['d'],
    others: [new TsbuildError('OUTPUT_IO', 'y', { hint: 'i' })],
    cause: missingFile(),
  })
  const copy = sent(error)
  expect(copy).toBeInstanceOf(TsbuildError)
  expect({ ...copy }).toEqual({ ...error })
  expect(copy).toMatchObject({ message: 'x', others: [{ message: 'y', hint: 'i' }] })
  expect(copy.stack).toBe(error.stack)
  expect(hasErrno(copy.cause, 'ENOENT')).toBe(true)
  expect((copy.cause as Error).stack).toBe((error.cause as Error).stack)
})

test('another error is no error of ours there', () => {
  const bug = new TypeError('x is not a function', { cause: new Error('deep') })
  const copy = sent(bug)
  expect(copy).not.toBeInstanceOf(TsbuildError)
  expect(copy).toMatchObject({ message: bug.message, stack: bug.stack, cause: { message: 'deep' } })
  expect(sent('thrown').message).toBe('thrown')
})
