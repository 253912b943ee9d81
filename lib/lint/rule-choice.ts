// The choice of rules, by their own name or by that of their set.
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import { type CheckOptions, isOn, isSkipped } from './check-options.ts'
import type { RuleChoice, RuleSet } from './lint-options.ts'
import type { Rule } from './rule.ts'

/** A rule that can count, and whether it does so where a directive's options are in force. */
export interface ChosenRule {
  readonly rule: Rule
  readonly counts: (check: CheckOptions) => boolean
}

/** Errors with `OPTION_INVALID` for a name that is neither a rule nor a set. */
export function chooseRules(rules: readonly Rule[], { enable = [], disable = [] }: RuleChoice): readonly ChosenRule[] {
  refuseUnknown(rules, [...enable, ...disable])
  return rules.flatMap((rule): ChosenRule | [] => {
    const { name } = rule
    const set = setOf(rule)
    const isNamed = enable.includes(name)
    if (disable.includes(name)) return []
    if (!isNamed && (disable.includes(set) || disable.includes('all'))) return []
    if (isNamed || enable.includes('all') || (set !== 'docker' && enable.includes(set))) {
      return { rule, counts: (check) => !isSkipped(rule, check) }
    }
    if (set === 'docker') return { rule, counts: (check) => isOn(rule, check) }
    return enable.length === 0 ? [] : { rule, counts: (check) => asksFor(check, name) && !isSkipped(rule, check) }
  })
}

export const setOf = ({ own }: Pick<Rule, 'own'>): RuleSet => own ?? 'docker'

/** `experimental=all` is about the rules that docker calls experimental: ours are asked for by name. */
const asksFor = ({ experimental }: CheckOptions, name: string): boolean =>
  experimental !== 'all' && experimental.has(name)

export const ruleSetNames = ['docker', 'certain', 'opinion', 'all'] as const

function refuseUnknown(rules: readonly Rule[], names: readonly string[]): void {
  const known: readonly string[] = [...rules.map(({ name }) => name), ...ruleSetNames]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const near = suggest(unknown, known)
  throw new TsbuildError('OPTION_INVALID', `there is no lint rule or set of rules named ${JSON.stringify(unknown)}`, {
    hint: near === undefined ? `the sets are ${ruleSetNames.join(', ')}` : `did you mean ${near}?`,
  })
}
