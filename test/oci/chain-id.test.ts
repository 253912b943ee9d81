import { expect, test } from 'vitest'
import { chainID, chainIDs } from '../../lib/oci/chain-id.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import type { DiffID } from '../../lib/oci/types.ts'

test('a chain ID hashes the chain below it and the next diffID, as the image specification says', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((text) => sha256(text) as DiffID) as [DiffID, DiffID, DiffID]
  expect(chainID([])).toBeUndefined()
  expect(chainID([a])).toBe(a)
  const ab = sha256(`${a} ${b}`)
  expect(chainIDs([a, b, c])).toEqual([a, ab, sha256(`${ab} ${c}`)])
})
