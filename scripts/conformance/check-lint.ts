import { createIgnoreMatcher } from '../../lib/context/ignore/ignore-matcher.ts'
import { checkDockerfile } from '../../lib/lint/lint.ts'
import type { BaseImage, LintOptions } from '../../lib/lint/lint-options.ts'
import type { LintReport } from '../../lib/lint/linter.ts'
import { lintRules } from '../../lib/lint/rules.ts'
import { parse } from '../../lib/parser/index.ts'
import { type Case, compare, recordOf, stringOf } from './check.ts'

/**
 * The warnings of a case for all targets, if the recorded ones cannot be right; see docs/conformance.md. The
 * lines there are not those of the instructions that the warnings concern.
 */
const correctedLines: Readonly<Record<string, readonly number[]>> = { 'TestLegacyKeyValueFormat-3': [5, 6] }

/**
 * Checks rules {name, experimental, level} and Dockerfiles {dockerfile, dockerignore?, attrs?, warnings,
 * warningsAllTargets?, error?}.
 */
export function checkLint(record: Case): string | undefined {
  if (record['dockerfile'] === undefined) return checkRule(record)
  const { warningsAllTargets } = record
  if (warningsAllTargets === undefined) return checkCase(record, 'all', record['warnings'])
  // A build warns about the stages that it needs; a check without a target warns about all stages.
  const corrected = correctedLines[stringOf(record['name'])]
  const all = (warningsAllTargets as Case[]).map((w, i) => ({ ...w, line: corrected?.[i] ?? w['line'] }))
  return checkCase(record, 'target', record['warnings']) ?? checkCase(record, 'all', all)
}

function checkRule(record: Case): string | undefined {
  const name = stringOf(record['name'])
  const rule = lintRules.find((other) => other.name === name)
  const actual = rule && { name: rule.name, experimental: rule.experimental === true }
  return compare(name, { name, experimental: record['experimental'] }, actual)
}

function checkCase(record: Case, stages: 'all' | 'target', warnings: unknown): string | undefined {
  const text = stringOf(record['dockerfile'])
  const report = checkDockerfile(parse(text), optionsOf(record, stages))
  const expected = (warnings as readonly Case[]).map(({ rule, line, detail }) => ({ rule, line, detail }))
  const actual = report.warnings.map(({ rule, line, message }) => ({ rule, line, detail: message }))
  // Cases without a source were recorded by BuildKit's own tests, which sort by line and text.
  const order = record['source'] === undefined ? byLine : (list: readonly Found[]) => list
  return compare(text, order(expected as Found[]), order(actual)) ?? checkError(text, record['error'], report)
}

interface Found {
  readonly rule: string
  readonly line: number
  readonly detail: string
}

const byLine = (list: readonly Found[]): readonly Found[] =>
  list.toSorted((a, b) => a.line - b.line || (a.detail < b.detail ? -1 : Number(a.detail > b.detail)))

/** Only violations are compared. Other errors of a recorded build may come from the network or from files. */
function checkError(
  text: string,
  error: unknown,
  { warnings, failOnWarnings, error: own }: LintReport,
): string | undefined {
  const isViolation = typeof error === 'string' && error.startsWith('lint violation found')
  const isOurs = failOnWarnings && warnings.length > 0
  if (isViolation !== isOurs) return `${JSON.stringify(text)}\nexpected ${error ?? 'no violation'}`
  if (own && error === undefined) return `${JSON.stringify(text)}\nexpected no error\ngot ${own.code}: ${own.message}`
  return undefined
}

function optionsOf(record: Case, stages: 'all' | 'target'): LintOptions {
  const attrs = Object.entries(recordOf(record['attrs'] ?? {}))
  const buildArgs = attrs.flatMap(([key, value]) =>
    key.startsWith('build-arg:') ? [[key.slice('build-arg:'.length), stringOf(value)]] : [],
  )
  const target = attrs.find(([key]) => key === 'target')?.[1]
  return {
    stages,
    ...(target !== undefined && { target: stringOf(target) }),
    platform: 'linux/amd64',
    buildArgs: Object.fromEntries(buildArgs),
    baseImage: (_, platform): BaseImage => ({ platform, env: [] }),
    ignore:
      record['dockerignore'] === undefined
        ? undefined
        : createIgnoreMatcher({ name: '.dockerignore', text: stringOf(record['dockerignore']) }),
  }
}
