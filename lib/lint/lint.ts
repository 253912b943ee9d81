import { TsbuildError } from '../base/errors.ts'
import { findDirective } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import { type CheckOptions, parseCheckOptions } from './check-options.ts'
import { createEmitter, type LintWarning } from './emit.ts'
import type { LintOptions } from './lint-options.ts'
import { chooseRules } from './rule-choice.ts'
import { rules } from './rules.ts'
import { checkNames } from './walk/check-names.ts'
import { checkStages } from './walk/check-stages.ts'
import { evaluateStages } from './walk/evaluate-stages.ts'
import { defaultArgs, globalScope } from './walk/global-scope.ts'
import { linkStages } from './walk/link-stages.ts'
import { planStages } from './walk/plan-stages.ts'
import { readInstructions } from './walk/read-instructions.ts'
import { optionPlatform, type Walk } from './walk/walk.ts'

/** What `docker build --check` says of a Dockerfile. */
export interface LintReport {
  readonly warnings: readonly LintWarning[]
  /** What ended the check early, as it would end a build. */
  readonly error: TsbuildError | undefined
  /** `# check=error=true`: warnings are failures. */
  readonly failOnWarnings: boolean
}

/**
 * The warnings about a Dockerfile, in BuildKit's order: those of reading, then those of each stage. Never throws for what is wrong
 * with the Dockerfile; {@link checkDockerfile} says that too. Without `enable` the rules are BuildKit's and no others. Errors with
 * `PLATFORM_INVALID` for a platform among the options, and `OPTION_INVALID` for a rule that there isn't.
 *
 * @example
 * ```ts
 * import { lint, parse } from '@tsbuild/tsbuild'
 *
 * const warnings = lint(parse('FROM scratch AS Web\n'))
 * console.log(warnings.map(({ rule }) => rule).join(' ')) // StageNameCasing
 * ```
 */
export function lint(dockerfile: Dockerfile, options: LintOptions = {}): readonly LintWarning[] {
  return checkDockerfile(dockerfile, options).warnings
}

/**
 * {@link lint} with the error that ended it, if any, and whether warnings are failures.
 *
 * @example
 * ```ts
 * import { checkDockerfile, parse } from '@tsbuild/tsbuild'
 *
 * const { warnings, error } = checkDockerfile(parse('FROM scratch\nMAINTAINER me\n'))
 * console.log(warnings.length, error) // 1 undefined
 * ```
 */
export function checkDockerfile(dockerfile: Dockerfile, options: LintOptions = {}): LintReport {
  const targetPlatform = optionPlatform(options.platform)
  const buildPlatform = optionPlatform(options.buildPlatform, targetPlatform)
  const chosen = chooseRules(rules, options)
  const hasOwnRules = chosen.some(({ rule }) => rule.own !== undefined)
  const warnings: LintWarning[] = []
  let failOnWarnings = false
  try {
    const check = fileOptions(dockerfile, options)
    failOnWarnings = check.failOnWarnings
    const emit = createEmitter(chosen, warnings)
    const globalArgLines = new Map(
      dockerfile.globalArgs.flatMap(({ args, startLine }) => args.map(({ name }) => [name.value, startLine] as const)),
    )
    const stageNames = new Map(
      dockerfile.stages.flatMap(({ name, index }) => (name === undefined ? [] : [[name, index]])),
    )
    walkThrough({
      dockerfile,
      options,
      check,
      emit,
      stageNames,
      targetPlatform,
      buildPlatform,
      hasOwnRules,
      globalArgLines,
    })
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    return { warnings, error, failOnWarnings }
  }
  return { warnings, error: undefined, failOnWarnings }
}

function walkThrough(walk: Walk): void {
  readInstructions(walk)
  checkNames(walk)
  checkStages(walk)
  const scope = globalScope(walk, defaultArgs(walk), walk.options.buildArgs ?? {})
  evaluateStages(walk, planStages(walk, linkStages(walk, scope)), scope)
}

function fileOptions(dockerfile: Dockerfile, { buildArgs }: LintOptions): CheckOptions {
  const given = buildArgs?.['BUILDKIT_DOCKERFILE_CHECK']
  if (given !== undefined) return parseCheckOptions(given)
  const directive = findDirective('check', dockerfile.file.text)
  try {
    return parseCheckOptions(directive?.value ?? '')
  } catch (error) {
    const span = dockerfile.directives.find(({ name }) => name === 'check')?.valueSpan
    if (!(error instanceof TsbuildError) || !span) throw error
    throw error.with({ location: { file: dockerfile.file, span } })
  }
}
