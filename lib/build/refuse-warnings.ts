// `# check=error=true`: a build that the linter warns about is no build.

import { TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import { findDirective } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import type { BuildOptions } from './build-options.ts'
import type { MainContext } from './contexts/main-context.ts'

/**
 * Checks the Dockerfile if its `check` directive, or the build arg that goes before it, makes failures of warnings. Errors with
 * `CHECK_FAILED` for these, with `DIRECTIVE_INVALID` for a directive that can't be read.
 */
export async function refuseWarnings(
  main: MainContext,
  dockerfile: Dockerfile,
  store: Store,
  options: BuildOptions,
): Promise<void> {
  const { file } = dockerfile
  const given = options.buildArgs?.['BUILDKIT_DOCKERFILE_CHECK'] ?? findDirective('check', file.text)?.value
  if (given === undefined) return
  // Most builds start without the linter.
  const { checkContext } = await import('./check-build.ts')
  const { warnings, error, failOnWarnings } = (await checkContext(main, dockerfile, store, options)).report
  if (error?.code === 'DIRECTIVE_INVALID') throw error
  const [first, ...others] = failOnWarnings ? warnings : []
  if (!first) return
  const failure = ({ rule, message, span }: typeof first, more: readonly TsbuildError[] = []): TsbuildError =>
    new TsbuildError('CHECK_FAILED', `${message} (${rule})`, {
      location: { file, span },
      hint: `mend it, or leave ${rule} out with # check=skip=${rule};error=true`,
      others: more,
    })
  const rest = others.map((warning) => failure(warning))
  throw failure(first, rest)
}
