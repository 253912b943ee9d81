import type { Comment } from './types.ts'

/** What the comments above an instruction say about a name: the rest of the first comment that starts with it and a space. */
export function docComment(comments: readonly Comment[], name: string): string | undefined {
  return comments.find(({ text }) => text.startsWith(`${name} `))?.text.slice(name.length + 1)
}
