// Runs the linter with the inputs of a build: the ignore file, base images, build args.

import { type ErrorCode, TsbuildError } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import { useStore } from '../cache/use-store.ts'
import { linkGraph } from '../graph/link-graph.ts'
import { openRemoteBases } from '../images/remote-bases.ts'
import { checkDockerfile } from '../lint/lint.ts'
import type { BaseImage, LintOptions, RuleChoice } from '../lint/lint-options.ts'
import { evaluationOptions, type LintReport } from '../lint/linter.ts'
import { defaultPlatform, formatPlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import { parse } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import { lazyClient } from '../registry/lazy-client.ts'
import type { BuildOptions } from './build-options.ts'
import { refuseFrontends } from './buildkit-args.ts'
import type { MainContext } from './contexts/main-context.ts'
import { openMainContext } from './contexts/open-main-context.ts'
import { type ReadOptions, readOptions } from './contexts/read-options.ts'
import { createNameResolver, type NameResolver } from './contexts/resolve-names.ts'
import { lintContext } from './lint-context.ts'
import { askedEpoch, defaultEpoch, withEpoch } from './source-date-epoch.ts'
import { targetPlatforms } from './target-platforms.ts'

/**
 * A Dockerfile, what the linter says of it, and the options that say it again, e.g. of a Dockerfile that was
 * edited.
 */
export interface CheckedBuild {
  readonly dockerfile: Dockerfile
  readonly report: LintReport
  readonly options: LintOptions
}

/**
 * Checks a build without building, like `docker build --check`: reads the Dockerfile, the ignore file, and the
 * configs of the base images that are at hand. What is wrong with the Dockerfile is in the report; rejects like
 * build() for what is wrong with the context. Without `choice.enable` the rules are BuildKit's and no others.
 * Errors with `OPTION_INVALID` for a rule that there isn't.
 *
 * @example
 * ```ts
 * import { checkBuild } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch AS Web\nMAINTAINER me\n']])
 * const { report } = await checkBuild({ context })
 * console.log(report.warnings.map(({ rule }) => rule).join(' ')) // StageNameCasing MaintainerDeprecated
 * ```
 */
export async function checkBuild(given: BuildOptions, choice: RuleChoice = {}): Promise<CheckedBuild> {
  const options = await readOptions(given)
  const store = useStore(options.store, options.env)
  try {
    const main = await openMainContext(options, store)
    const { text, name } = main.dockerfile
    const dockerfile = parse(text, { name })
    const epoch = await outcome(() => epochOf(main, dockerfile, options))
    const { lintOptions, report } = await lintWithImages(dockerfile, store, options, {
      target: options.target,
      buildArgs: withEpoch(options.buildArgs, epoch.value),
      platform: formatPlatform(targetPlatforms(options)[0] ?? defaultPlatform()),
      buildPlatform: formatPlatform(defaultPlatform()),
      ignore: main.ignore,
      context: lintContext(main.tree),
      enable: choice.enable,
      disable: choice.disable,
    })
    // The order is a build's: the front end, the directive, the time, the graph, and the time that the graph gives.
    const frontend = await outcome(() => refuseFrontends(dockerfile.file, options))
    if (frontend.error)
      return { dockerfile, options: lintOptions, report: { ...report, warnings: [], error: frontend.error } }
    const isUnread = report.error?.code === 'DIRECTIVE_INVALID'
    const error = isUnread
      ? report.error
      : (epoch.error ?? report.error ?? (await defaultEpochError(dockerfile, lintOptions)))
    return { dockerfile, options: lintOptions, report: { ...report, error } }
  } finally {
    store.close()
  }
}

interface Outcome<T> {
  readonly value?: T
  readonly error?: TsbuildError
}

/** The result of an action, or the error that a build would end with. */
async function outcome<T>(action: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await action() }
  } catch (error) {
    if (error instanceof TsbuildError) return { error }
    throw error
  }
}

/** The time that is asked for. A Dockerfile with errors asks for nothing. */
async function epochOf(main: MainContext, dockerfile: Dockerfile, options: BuildOptions): Promise<number | undefined> {
  const hasErrors = dockerfile.diagnostics.some(({ severity }) => severity === 'error')
  return hasErrors ? undefined : askedEpoch(main, dockerfile, options)
}

/** The error of a SOURCE_DATE_EPOCH that an ARG before the first FROM sets. */
async function defaultEpochError(dockerfile: Dockerfile, options: LintOptions): Promise<TsbuildError | undefined> {
  const { globalArgs } = linkGraph(dockerfile, evaluationOptions(options), undefined)
  return (await outcome(() => defaultEpoch(globalArgs))).error
}

/** Lints with the configs of the images that are at hand. */
async function lintWithImages(
  dockerfile: Dockerfile,
  store: Store,
  options: ReadOptions,
  given: LintOptions,
): Promise<{ readonly lintOptions: LintOptions; readonly report: LintReport }> {
  const images = new Map<string, Outcome<BaseImage | undefined>>()
  const wanted = new Map<string, { readonly name: string; readonly platform: Platform }>()
  const lintOptions: LintOptions = {
    ...given,
    baseImage: (name, platform) => {
      const key = `${formatPlatform(platform)} ${name}`
      const found = images.get(key)
      if (!found) wanted.set(key, { name, platform })
      if (found?.error) throw found.error
      return found?.value
    },
  }
  // No registry is asked: the warnings about a Dockerfile must not depend on the network.
  const remote = openRemoteBases(store, { client: lazyClient(), policy: 'never' })
  const resolver = createNameResolver(store, options.buildContexts ?? {}, remote)
  for (;;) {
    const report = checkDockerfile(dockerfile, lintOptions)
    if (wanted.size === 0) return { lintOptions, report }
    // The ONBUILDs of an image may bring further images in.
    for (const [key, { name, platform }] of wanted) {
      images.set(key, await outcome(() => findImage(resolver, name, platform)))
    }
    wanted.clear()
  }
}

/** The config of a base image; undefined for one that isn't at hand, and for what is not the name of an image. */
async function findImage(resolver: NameResolver, name: string, platform: Platform): Promise<BaseImage | undefined> {
  const isNamedContext = resolver.override(name, platform) !== undefined
  try {
    const found = await resolver.resolve(name, platform)
    if (found.kind !== 'image') return { env: [], user: '', workdir: '/', isNamedContext }
    const { config = {}, os, architecture, variant } = found.image.config
    return {
      platform: { os, architecture, ...(variant !== undefined && { variant }) },
      env: config.Env ?? [],
      shell: config.Shell ?? [],
      onBuild: config.OnBuild ?? [],
      user: config.User ?? '',
      workdir: config.WorkingDir || '/',
      isNamedContext,
    }
  } catch (error) {
    if (error instanceof TsbuildError && UNKNOWN.has(error.code)) return undefined
    throw error
  }
}

const UNKNOWN: ReadonlySet<ErrorCode> = new Set(['IMAGE_NOT_FOUND', 'REFERENCE_INVALID', 'UNSUPPORTED'])
