import type { Dockerfile } from './types.ts'

/**
 * The exact text that was parsed: `stringify(parse(text)) === text`. After edits it is the edited text.
 *
 * @example
 * ```ts
 * import { parse, stringify } from '@tsbuild/tsbuild/parser'
 *
 * const text = 'from  scratch\n# a comment\nCOPY . /'
 * console.log(stringify(parse(text)) === text) // true
 * ```
 */
export function stringify(dockerfile: Dockerfile): string {
  return dockerfile.file.text
}
