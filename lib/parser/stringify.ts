import type { Dockerfile } from './types.ts'

/** The exact text that was parsed: `stringify(parse(text)) === text`. After edits it is the edited text. */
export function stringify(dockerfile: Dockerfile): string {
  return dockerfile.file.text
}
