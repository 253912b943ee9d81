import type { Edit } from '../parser/index.ts'
import type { InstructionBase } from '../parser/types.ts'
import type { Span } from '../source.ts'
import { type CheckOptions, isOn } from './check-options.ts'
import type { Events } from './rule.ts'
import { ruleUrl } from './rule-url.ts'
import { rules } from './rules.ts'

/** What a rule found. */
export interface LintWarning {
  /** The rule's name. */
  readonly rule: string
  readonly message: string
  /** The smallest part of the text that is meant. */
  readonly span: Span
  /** The line that BuildKit reports, from 1: the first one of the instruction. */
  readonly line: number
  /** The rule's page in this project's documentation. */
  readonly url: string
  /** Edits that do away with the warning and change nothing else that a build makes; absent where that isn't certain. */
  readonly fix?: readonly Edit[]
}

/** Where an event takes place, and which rules count there. */
export interface Site {
  readonly line: number
  readonly span: Span
  /** False for what a base's ONBUILD brings along: its text isn't in this file, FROM stands for it. */
  readonly isWritten: boolean
  readonly check: CheckOptions
}

export type Emit = <Kind extends keyof Events>(kind: Kind, event: Events[Kind], site: Site) => void

/** Gives events to the rules that count at their place, and collects what they report. */
export function createEmitter(warnings: LintWarning[]): Emit {
  return (kind, event, site) => {
    for (const rule of rules) {
      const check = rule.checks[kind]
      if (!check || !isOn(rule, site.check)) continue
      check(event, (message, { span, fix } = {}) => {
        warnings.push({
          rule: rule.name,
          message,
          span: (site.isWritten && span) || site.span,
          line: site.line,
          url: ruleUrl(rule.name),
          ...(site.isWritten && fix && { fix }),
        })
      })
    }
  }
}

export function siteOf({ startLine, span }: InstructionBase, check: CheckOptions): Site {
  return { line: startLine, span, isWritten: true, check }
}
