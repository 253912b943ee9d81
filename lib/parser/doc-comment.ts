import type { Comment } from './types.ts'

/** The documentation of a name: the rest of the first comment above the instruction that starts with the name and a space. */
export function docComment(comments: readonly Comment[], name: string): string | undefined {
  return comments.find(({ text }) => text.startsWith(`${name} `))?.text.slice(name.length + 1)
}
