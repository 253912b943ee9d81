// The inputs of a step, as one digest, and as parts whose comparison explains a cache miss.
import { createHash } from 'node:crypto'
import type { CacheKey } from '../oci/types.ts'

/**
 * The version that is part of every key. Raise it when parts change their meaning, or when the same parts give
 * another result.
 */
export const KEY_VERSION = 2

/** One input of a step. Its value is shown to people, so it is never a secret. */
export interface KeyPart {
  readonly label: string
  readonly value: string
}

/**
 * The digest of a step and its parts, in their order. Injective: each text is framed by its length, so parts cannot
 * run into each other, and ill-formed Unicode (in file names) stays distinct.
 */
export function cacheKey(step: string, parts: readonly KeyPart[]): CacheKey {
  const hasher = createHash('sha256')
  const frame = (text: string): void => {
    // UTF-8 would turn every lone surrogate into the same character.
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
