import { expect, test } from 'vitest'
import { verifyIntegrity } from '../../lib/oci/integrity.ts'
import type { Digest } from '../../lib/oci/types.ts'

const EMPTY: Digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const HELLO: Digest = `sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043`

test.each([
  ['', EMPTY],
  ['hello', HELLO],
])('%j has its digest', (text, digest) => {
  // A view into the middle of other bytes: only what it shows counts.
  const bytes = Buffer.from(`<${text}>`).subarray(1, -1)
  expect(() => verifyIntegrity(bytes, digest)).not.toThrow()
})

test.each([
  ['hello', EMPTY, 'got sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
  ['', HELLO, 'got sha512:cf83e1357eefb8bd'],
])('%j has another digest than %s, and the error says which', (text, digest, got) => {
  const code = 'DIGEST_MISMATCH'
  expect(() => verifyIntegrity(Buffer.from(text), digest)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(got) }),
  )
})

test('a digest that is none is refused before anything is hashed', () => {
  expect(() => verifyIntegrity(Buffer.from(''), 'sha256:zz')).toThrow(
    expect.objectContaining({ code: 'DIGEST_INVALID' }),
  )
})
