// `# check=error=true`: warnings of the linter end a build.

import { TsbuildError } from '../base/errors.ts'
import type { Observe } from '../graph/graph-options.ts'
import type { LintOptions } from '../lint/lint-options.ts'
import { findDirective } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'

/** Lints the graphs of a build while they are made. */
export interface BuildLinter {
  readonly observe: Observe
  /** Errors with `CHECK_FAILED` if warnings are failures and there are some. */
  refuseWarnings(): void
}

/**
 * Starts the linter if the Dockerfile has a `check` directive, or the build arg that replaces it is given. Returns
 * undefined for other builds, which start faster without the linter. Errors with `DIRECTIVE_INVALID`, and with the
 * errors of the Dockerfile.
 */
export async function startLinter(dockerfile: Dockerfile, options: LintOptions): Promise<BuildLinter | undefined> {
  const { file } = dockerfile
  const given = options.buildArgs?.['BUILDKIT_DOCKERFILE_CHECK'] ?? findDirective('check', file.text)?.value
  if (given === undefined) return undefined
  const { createLinter } = await import('../lint/linter.ts')
  const linter = createLinter(dockerfile, options)
  const observe = linter.read()
  return {
    observe,
    refuseWarnings: () => {
      const { warnings, failOnWarnings } = linter.report(undefined)
      if (!failOnWarnings) return
      const failures = warnings.map(
        ({ rule, message, span }) =>
          new TsbuildError('CHECK_FAILED', `${message} (${rule})`, {
            location: { file, span },
            hint: `fix it, or leave ${rule} out with # check=skip=${rule};error=true`,
          }),
      )
      const [first, ...others] = distinct(failures)
      if (first) throw first.with({ others })
    },
  }
}

/** Graphs for several platforms give most warnings several times. */
function distinct(failures: readonly TsbuildError[]): readonly TsbuildError[] {
  const byText = new Map(failures.map((failure) => [`${failure.location?.span.start} ${failure.message}`, failure]))
  return [...byText.values()]
}
