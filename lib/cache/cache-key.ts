// What a step depends on, as one digest and as parts that can be compared to explain a miss.
import { createHash } from 'node:crypto'
import type { CacheKey } from '../oci/types.ts'

/** Part of every key. Raise it when a step's parts change their meaning, or when the result for the same parts changes. */
export const KEY_VERSION = 2

/** One thing that a step depends on. The value is shown to people, so it is never a secret. */
export interface KeyPart {
  readonly label: string
  readonly value: string
}

/**
 * The digest of a step and its parts, in their order. Injective: every text is framed by its length, so parts can't run into
 * each other, and texts that are not well-formed Unicode (file names) stay apart.
 */
export function cacheKey(step: string, parts: readonly KeyPart[]): CacheKey {
  const hasher = createHash('sha256')
  const frame = (text: string): void => {
    // UTF-8 would make every lone surrogate the same character.
    const wellFormed = !/\p{Surrogate}/u.test(text)
    const bytes = Buffer.from(text, wellFormed ? 'utf8' : 'utf16le')
    hasher.update(`${wellFormed ? 'u' : 'w'}${bytes.length}:`).update(bytes)
  }
  hasher.update(`tsbuild cache key ${KEY_VERSION}\n${parts.length}\n`)
  frame(step)
  for (const { label, value } of parts) {
    frame(label)
    frame(value)
  }
  return `sha256:${hasher.digest('hex')}` as CacheKey
}
