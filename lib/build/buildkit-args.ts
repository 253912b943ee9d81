// Build args that configure BuildKit itself, such as BUILDKIT_SYNTAX. An ARG may read them, too.

import { TsbuildError } from '../base/errors.ts'
import type { Location, SourceFile } from '../base/source.ts'
import { parseReference } from '../oci/reference.ts'
import { detectSyntax } from '../parser/index.ts'
import { parseBoolean } from '../parser/instructions/parse-boolean.ts'
import type { BuildOptions } from './build-options.ts'

/** The name of the built-in Dockerfile frontend, for `BUILDKIT_SYNTAX`. */
const BUILT_IN = 'dockerfile.v0'

/**
 * Applies `BUILDKIT_SANDBOX_HOSTNAME` and `BUILDKIT_CACHE_MOUNT_NS` to the options, before which they go, and
 * `BUILDKIT_INLINE_CACHE`.
 */
export function withBuildKitArgs(options: BuildOptions): BuildOptions {
  const { buildArgs = {}, run } = options
  const { cacheTo = [] } = options
  const hasInline = parseBoolean(buildArgs['BUILDKIT_INLINE_CACHE'] ?? '') === true
  const hostname = buildArgs['BUILDKIT_SANDBOX_HOSTNAME'] || run?.hostname
  const cacheNamespace = buildArgs['BUILDKIT_CACHE_MOUNT_NS'] || run?.cacheNamespace
  return {
    ...options,
    ...(hasInline && { cacheTo: [...cacheTo, { type: 'inline' as const }] }),
    run: {
      ...run,
      ...(hostname !== undefined && { hostname }),
      ...(cacheNamespace !== undefined && { cacheNamespace }),
    },
  }
}

/**
 * Whether `BUILDKIT_MULTI_PLATFORM` requests an index even for one platform; undefined if it is not set. Errors with
 * `OPTION_INVALID` for a value that is not a boolean.
 */
export function requestsIndex({ buildArgs = {} }: Pick<BuildOptions, 'buildArgs'>): boolean | undefined {
  const name = 'BUILDKIT_MULTI_PLATFORM'
  const text = buildArgs[name]
  if (!text) return undefined
  const isIndex = parseBoolean(text)
  if (isIndex !== undefined) return isIndex
  throw new TsbuildError('OPTION_INVALID', `the build arg ${name} must be true or false, not ${JSON.stringify(text)}`)
}

/**
 * Refuses a file that requests another frontend than Dockerfile's, by its `# syntax=` or by the build arg
 * `BUILDKIT_SYNTAX`, which goes first. Images named `dockerfile` or `dockerfile-upstream` in any registry count
 * as copies of Docker's frontend. Errors with `UNSUPPORTED`.
 */
export function refuseFrontends(file: SourceFile, { buildArgs = {} }: Pick<BuildOptions, 'buildArgs'>): void {
  const given = buildArgs['BUILDKIT_SYNTAX']?.trim().split(' ')[0]
  if (given !== undefined) {
    if (isDockerfileFrontend(given)) return
    throw new TsbuildError(
      'UNSUPPORTED',
      `the build arg BUILDKIT_SYNTAX requests the frontend ${JSON.stringify(given)}, but only Dockerfiles are supported`,
      {
        hint: `remove it, or set it to ${BUILT_IN}`,
      },
    )
  }
  const found = detectSyntax(file.text)
  if (!found || isDockerfileFrontend(found.value)) return
  throw new TsbuildError(
    'UNSUPPORTED',
    `the file requests the frontend ${JSON.stringify(found.value)}, but only Dockerfiles are supported`,
    {
      location: lineOf(file, found.line),
      hint: `to read it as a Dockerfile anyway, use --build-arg BUILDKIT_SYNTAX=${BUILT_IN}`,
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

/** The location of a line, counted from 1. A file that is JSON has no line for its syntax, which is 0 then. */
function lineOf(file: SourceFile, line: number): Location | undefined {
  if (line === 0) return undefined
  const before = file.text.split('\n', line)
  const end = before.join('\n').trimEnd().length
  return { file, span: { start: end - (before.at(-1) ?? '').trimEnd().length, end } }
}
