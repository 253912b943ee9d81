import { TsbuildError } from '../base/errors.ts'
import type { GraphObserver } from '../graph/evaluate/observer.ts'
import type { EvaluationOptions } from '../graph/graph-options.ts'
import { parsePlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import { findDirective } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import { type CheckOptions, parseCheckOptions } from './check-options.ts'
import { createEmitter, type LintWarning } from './emit.ts'
import { checkNames } from './events/check-names.ts'
import { checkStages } from './events/check-stages.ts'
import { observeGraph } from './events/observe-graph.ts'
import { readInstructions } from './events/read-instructions.ts'
import type { LintOptions } from './lint-options.ts'
import type { LintRun } from './lint-run.ts'
import { chooseRules } from './rule-choice.ts'
import { rules } from './rules.ts'

/** The result of linting a Dockerfile. */
export interface LintReport {
  readonly warnings: readonly LintWarning[]
  /** The error that ended the check early, as it ends a build. */
  readonly error: TsbuildError | undefined
  /** `# check=error=true`: warnings are failures. */
  readonly failOnWarnings: boolean
}

export interface Linter {
  /**
   * Checks the text, and returns what makes the observers that check its evaluation. Errors with
   * `DIRECTIVE_INVALID` for the check directive, and with the Dockerfile's own errors.
   */
  read(): (platform: Platform) => GraphObserver
  /** The warnings found so far. */
  report(error: TsbuildError | undefined): LintReport
}

/** Errors with `PLATFORM_INVALID` for a platform among the options, and with `OPTION_INVALID` for an unknown rule. */
export function createLinter(dockerfile: Dockerfile, options: LintOptions): Linter {
  const evaluation = evaluationOptions(options)
  const chosen = chooseRules(rules, options)
  const warnings: LintWarning[] = []
  let failOnWarnings = false
  return {
    read: () => {
      const check = fileOptions(dockerfile, options)
      failOnWarnings = check.failOnWarnings
      const hasOwnRules = chosen.some(({ rule }) => rule.own !== undefined)
      const emit = createEmitter(chosen, warnings)
      const run: LintRun = { dockerfile, options, evaluation, check, emit, hasOwnRules }
      readInstructions(run)
      checkNames(run)
      checkStages(run)
      return (platform) => observeGraph(run, platform)
    },
    report: (error) => ({ warnings, error, failOnWarnings }),
  }
}

const LINUX: Platform = { os: 'linux', architecture: 'amd64' }

/** Errors with `PLATFORM_INVALID`. */
export function evaluationOptions({ target, buildArgs = {}, ...options }: LintOptions): EvaluationOptions {
  const platform = options.platform === undefined ? LINUX : parsePlatform(options.platform)
  const buildPlatform = options.buildPlatform === undefined ? platform : parsePlatform(options.buildPlatform)
  return { target, buildArgs, platform, buildPlatform }
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
