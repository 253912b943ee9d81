import type { Span } from '../base/source.ts'
import type { Edit } from '../parser/index.ts'
import type { Events } from './rule.ts'
import type { ChosenRule } from './rule-choice.ts'
import { ruleUrl } from './rule-url.ts'
import type { Site } from './site.ts'

/** A finding of a rule. */
export interface LintWarning {
  /** The rule's name. */
  readonly rule: string
  readonly message: string
  /** The smallest part of the text that the message is about. */
  readonly span: Span
  /** The line that BuildKit reports, from 1: the first one of the instruction, or of the directive. */
  readonly line: number
  /** The rule's page in this project's documentation. */
  readonly url: string
  /** Edits that remove the warning and leave the build's result as it is; absent where that isn't certain. */
  readonly fix?: readonly Edit[]
}

export type Emit = <Kind extends keyof Events>(kind: Kind, event: Events[Kind], site: Site) => void

/** Passes events to the rules that count at their site, and collects the warnings. */
export function createEmitter(chosen: readonly ChosenRule[], warnings: LintWarning[]): Emit {
  return (kind, event, site) => {
    for (const { rule, counts } of chosen) {
      const check = rule.checks[kind]
      if (!check || !counts(site.check)) continue
      check(event, (message, { span, fix, at = site } = {}) => {
        if (!counts(at.check)) return
        warnings.push({
          rule: rule.name,
          message,
          span: (at.isWritten && span) || at.span,
          line: at.line,
          url: ruleUrl(rule.name),
          ...(at.isWritten && fix && { fix }),
        })
      })
    }
  }
}
