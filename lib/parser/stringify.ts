import type { Dockerfile } from './types.ts'

/** The text that was parsed, to the last byte: `stringify(parse(text)) === text`. After edits, the edited text. */
export function stringify(dockerfile: Dockerfile): string {
  return dockerfile.file.text
}
