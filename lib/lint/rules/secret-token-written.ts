import { findTokens, mask } from '../facts/secret-tokens.ts'
import type { Rule } from '../rule.ts'

export const secretTokenWritten: Rule = {
  name: 'SecretTokenWritten',
  description: 'no instruction has a token or a private key written in it',
  own: 'certain',
  checks: {
    instruction({ instruction, text }, report) {
      const { start, end } = instruction.span
      for (const { what, span } of findTokens(text.slice(start, end))) {
        const found = { start: start + span.start, end: start + span.end }
        if (isComment(text, found.start)) continue
        const shown = mask(text.slice(found.start, found.end)).split('\n', 1)[0]
        const where =
          instruction.kind === 'ENV' || instruction.kind === 'LABEL' ? "the image's config" : "the image's history"
        report(
          `This ${instruction.kind} has ${what} in it (${shown}), which stays in ${where}: revoke it, and use RUN --mount=type=secret`,
          { span: found },
        )
      }
    },
  },
}

/** Comments between the lines of an instruction don't get into the image. */
const isComment = (text: string, at: number): boolean =>
  /^[ \t]*#/.test(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))
