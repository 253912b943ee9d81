import type { Comment } from './types.ts'

/**
 * The documentation of a name: the rest of the first comment above the instruction that starts with the name
 * and a space.
 *
 * @example
 * ```ts
 * import { docComment, parse } from '@tsbuild/tsbuild/parser'
 *
 * const [from] = parse('# web serves the pages\nFROM scratch AS web\n').instructions
 * console.log(docComment(from?.comments ?? [], 'web')) // serves the pages
 * ```
 */
export function docComment(comments: readonly Comment[], name: string): string | undefined {
  return comments.find(({ text }) => text.startsWith(`${name} `))?.text.slice(name.length + 1)
}
