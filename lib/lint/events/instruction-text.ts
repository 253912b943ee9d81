// The text of instructions as BuildKit reads it, where the typed tree is tidier.
import type { From, InstructionBase } from '../../parser/types.ts'

/**
 * The comments above an instruction. BuildKit cuts the line's first character off, not the `#`: so an indented
 * comment keeps it, and can neither be a directive nor describe anything.
 */
export function commentTexts({ comments }: InstructionBase, text: string): readonly string[] {
  return comments.map(({ span }) => {
    const before = text.charAt(span.start - 1)
    const isIndented = before !== '' && before !== '\n' && before !== '\uFEFF'
    return isIndented ? text.slice(span.start, span.end) : text.slice(span.start + 1, span.end).trim()
  })
}

/** The words of FROM behind its flags, however many they are. */
export function fromWords({ original, flags }: From): readonly string[] {
  return original
    .split(/[\t\v\f\r ]+/)
    .slice(1 + flags.length)
    .filter((word) => word !== '')
}
