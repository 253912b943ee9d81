// The build args by which BuildKit itself is told something, besides what an ARG makes of them.

import { TsbuildError } from '../base/errors.ts'
import type { Location, SourceFile } from '../base/source.ts'
import { parseReference } from '../oci/reference.ts'
import { detectSyntax } from '../parser/index.ts'
import { parseBoolean } from '../parser/instructions/parse-boolean.ts'
import type { BuildOptions } from './build-options.ts'

/** The Dockerfile frontend that is built in, for `BUILDKIT_SYNTAX`. */
const BUILT_IN = 'dockerfile.v0'

/**
 * The options with what `BUILDKIT_SANDBOX_HOSTNAME` and `BUILDKIT_CACHE_MOUNT_NS` say; they go before the options. Errors with `UNSUPPORTED`
 * for build args that ask for what isn't there.
 */
export function withBuildKitArgs(options: BuildOptions): BuildOptions {
  const { buildArgs = {}, run } = options
  if (parseBoolean(buildArgs['BUILDKIT_INLINE_CACHE'] ?? '')) {
    throw new TsbuildError(
      'UNSUPPORTED',
      'the build arg BUILDKIT_INLINE_CACHE is not supported: images carry no cache',
      {
        hint: 'leave it out; steps are cached in the store, which can be kept from one build to the next',
      },
    )
  }
  const hostname = buildArgs['BUILDKIT_SANDBOX_HOSTNAME'] || run?.hostname
  const cacheNamespace = buildArgs['BUILDKIT_CACHE_MOUNT_NS'] || run?.cacheNamespace
  return {
    ...options,
    run: {
      ...run,
      ...(hostname !== undefined && { hostname }),
      ...(cacheNamespace !== undefined && { cacheNamespace }),
    },
  }
}

/**
 * Whether `BUILDKIT_MULTI_PLATFORM` asks for an index, also of one platform; undefined if it says nothing. Errors with `OPTION_INVALID` for
 * what is no boolean.
 */
export function asksForIndex({ buildArgs = {} }: Pick<BuildOptions, 'buildArgs'>): boolean | undefined {
  const name = 'BUILDKIT_MULTI_PLATFORM'
  const text = buildArgs[name]
  if (!text) return undefined
  const isIndex = parseBoolean(text)
  if (isIndex !== undefined) return isIndex
  throw new TsbuildError('OPTION_INVALID', `the build arg ${name} must be true or false, not ${JSON.stringify(text)}`)
}

/**
 * Refuses a file that is for another frontend than Dockerfile's, by its `# syntax=` or by the build arg `BUILDKIT_SYNTAX`, which goes before it.
 * Copies of Docker's own in other registries are taken for it: images that are called dockerfile or dockerfile-upstream. Errors with `UNSUPPORTED`.
 */
export function refuseFrontends(file: SourceFile, { buildArgs = {} }: Pick<BuildOptions, 'buildArgs'>): void {
  const given = buildArgs['BUILDKIT_SYNTAX']?.trim().split(' ')[0]
  if (given !== undefined) {
    if (isDockerfileFrontend(given)) return
    throw new TsbuildError(
      'UNSUPPORTED',
      `the build arg BUILDKIT_SYNTAX asks for the frontend ${JSON.stringify(given)}, and there is none but Dockerfile's`,
      {
        hint: `leave it out, or set it to ${BUILT_IN}`,
      },
    )
  }
  const found = detectSyntax(file.text)
  if (!found || isDockerfileFrontend(found.value)) return
  throw new TsbuildError(
    'UNSUPPORTED',
    `the file asks for the frontend ${JSON.stringify(found.value)}, and there is none but Dockerfile's`,
    {
      location: lineOf(file, found.line),
      hint: `--build-arg BUILDKIT_SYNTAX=${BUILT_IN} reads it as a Dockerfile all the same`,
    },
  )
}

function isDockerfileFrontend(image: string): boolean {
  if (image === BUILT_IN) return true
  try {
    return /(?:^|\/)dockerfile(?:-upstream)?$/.test(parseReference(image).path)
  } catch (error) {
    if (error instanceof TsbuildError) return false
    throw error
  }
}

/** `line` counts from 1; there is none in a file that is JSON. */
function lineOf(file: SourceFile, line: number): Location | undefined {
  if (line === 0) return undefined
  const before = file.text.split('\n', line)
  const end = before.join('\n').trimEnd().length
  return { file, span: { start: end - (before.at(-1) ?? '').trimEnd().length, end } }
}
