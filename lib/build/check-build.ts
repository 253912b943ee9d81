// Runs the linter with the inputs of a build: the ignore file, base images, build args.

import { TsbuildError } from '../base/errors.ts'
import { openStore, type Store } from '../cache/store.ts'
import { openRemoteBases } from '../images/remote-bases.ts'
import { checkDockerfile } from '../lint/lint.ts'
import type { BaseImage, LintOptions, RuleChoice } from '../lint/lint-options.ts'
import type { LintReport } from '../lint/linter.ts'
import { defaultPlatform, formatPlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import { parse } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import { lazyClient } from '../registry/lazy-client.ts'
import type { BuildOptions } from './build-options.ts'
import type { MainContext } from './contexts/main-context.ts'
import { openMainContext } from './contexts/open-main-context.ts'
import { createNameResolver, type NameResolver } from './contexts/resolve-names.ts'
import { lintContext } from './lint-context.ts'
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
export async function checkBuild(options: BuildOptions, choice: RuleChoice = {}): Promise<CheckedBuild> {
  const store = openStore(options.store)
  try {
    const main = await openMainContext(options, store)
    return await checkContext(main, parse(main.dockerfile.text, { name: main.dockerfile.name }), store, options, choice)
  } finally {
    store.close()
  }
}

/** As {@link checkBuild}, of what is open and read already. */
export async function checkContext(
  { ignore, tree }: MainContext,
  dockerfile: Dockerfile,
  store: Store,
  options: BuildOptions,
  choice: RuleChoice = {},
): Promise<CheckedBuild> {
  const images = new Map<string, BaseImage | undefined>()
  const wanted = new Map<string, { readonly name: string; readonly platform: Platform }>()
  const lintOptions: LintOptions = {
    target: options.target,
    buildArgs: options.buildArgs ?? {},
    platform: formatPlatform(targetPlatforms(options)[0] ?? defaultPlatform()),
    buildPlatform: formatPlatform(defaultPlatform()),
    ignore,
    context: lintContext(tree),
    enable: choice.enable,
    disable: choice.disable,
    baseImage: (name, platform) => {
      const key = `${formatPlatform(platform)} ${name}`
      if (!images.has(key)) wanted.set(key, { name, platform })
      return images.get(key)
    },
  }
  // Never asked: what a Dockerfile says should not depend on the network.
  const remote = openRemoteBases(store, { client: lazyClient(), policy: 'never' })
  const resolver = createNameResolver(store, options.buildContexts ?? {}, remote)
  for (;;) {
    const report = checkDockerfile(dockerfile, lintOptions)
    if (wanted.size === 0) return { dockerfile, report, options: lintOptions }
    // The ONBUILDs of an image may bring further images in.
    for (const [key, { name, platform }] of wanted) images.set(key, await findImage(resolver, name, platform))
    wanted.clear()
  }
}

/** The config of a base image; undefined for one that isn't at hand, which is no fault of the Dockerfile. */
async function findImage(resolver: NameResolver, name: string, platform: Platform): Promise<BaseImage | undefined> {
  try {
    const found = await resolver.resolve(name, platform)
    if (found.kind !== 'image') return { env: [], user: '', workdir: '/', isNamedContext: true }
    const { config = {}, os, architecture, variant } = found.image.config
    return {
      platform: { os, architecture, ...(variant !== undefined && { variant }) },
      env: config.Env ?? [],
      shell: config.Shell ?? [],
      onBuild: config.OnBuild ?? [],
      user: config.User ?? '',
      workdir: config.WorkingDir || '/',
      isNamedContext: resolver.images.has(found.image.descriptor.digest),
    }
  } catch (error) {
    if (error instanceof TsbuildError && (error.code === 'IMAGE_NOT_FOUND' || error.code === 'UNSUPPORTED'))
      return undefined
    throw error
  }
}
