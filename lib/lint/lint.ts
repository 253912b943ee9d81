import { TsbuildError } from '../base/errors.ts'
import { checkGraph } from '../graph/check-graph.ts'
import type { CheckGraphOptions } from '../graph/graph-options.ts'
import type { SketchedImage } from '../graph/resolved-name.ts'
import type { Platform } from '../oci/types.ts'
import type { Dockerfile } from '../parser/types.ts'
import type { LintWarning } from './emit.ts'
import type { BaseImage, LintOptions } from './lint-options.ts'
import { createLinter, evaluationOptions, type LintReport } from './linter.ts'

/**
 * The warnings about a Dockerfile, in BuildKit's order: those of reading, then those of each stage. Never
 * throws for what is wrong with the Dockerfile; {@link checkDockerfile} says that too. Without `enable` the
 * rules are BuildKit's and no others. Errors with `PLATFORM_INVALID` for a platform among the options, and
 * `OPTION_INVALID` for an unknown rule.
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
 * {@link lint} with the error that a build would end with, if any, and whether warnings are failures.
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
  const linter = createLinter(dockerfile, options)
  try {
    checkGraph(dockerfile, { ...graphOptions(options), observe: linter.read() })
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    return linter.report(error)
  }
  return linter.report(undefined)
}

function graphOptions(options: LintOptions): Omit<CheckGraphOptions, 'observe'> {
  return {
    ...evaluationOptions(options),
    allStages: !options.target && options.stages !== 'target',
    baseImage: (name, platform) => sketch(name, platform, options.baseImage?.(name, platform)),
    isNamedContext: (name, platform) => options.baseImage?.(name, platform)?.isNamedContext === true,
  }
}

function sketch(name: string, platform: Platform, image: BaseImage | undefined): SketchedImage {
  const { env, shell, onBuild, user, workdir } = image ?? {}
  return {
    kind: 'sketch',
    name,
    platform: image?.platform ?? (image && platform),
    config: {
      ...(env && { Env: env }),
      ...(shell && { Shell: shell }),
      ...(onBuild && { OnBuild: onBuild }),
      ...(user !== undefined && { User: user }),
      ...(workdir !== undefined && { WorkingDir: workdir }),
    },
  }
}
