// Refuses options that there aren't: a caller without types would not notice that a misspelt one has no effect.
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import type { RunOptions } from '../executor/run-options.ts'
import type { Output } from '../export/output.ts'
import type { BuildOptions } from './build-options.ts'
import type { CacheSource, CacheTarget } from './caches/cache-options.ts'

/** The names of an object's properties, all of them, so that the compiler finds the one that is missing here. */
type Names<T> = Readonly<Record<keyof T, true>>

const BUILD: Names<BuildOptions> = {
  buildArgs: true,
  buildContexts: true,
  cacheFrom: true,
  cacheLimit: true,
  cacheTo: true,
  clock: true,
  context: true,
  credentials: true,
  dockerfile: true,
  env: true,
  fetch: true,
  labels: true,
  noCache: true,
  onEvent: true,
  outputs: true,
  platforms: true,
  pull: true,
  run: true,
  signal: true,
  sourceDateEpoch: true,
  store: true,
  tags: true,
  target: true,
}

const RUN: Names<RunOptions> = {
  allow: true,
  cacheNamespace: true,
  controlLimits: true,
  extraHosts: true,
  hostname: true,
  isolation: true,
  keepFailed: true,
  logLimit: true,
  network: true,
  programs: true,
  resourceLimits: true,
  secrets: true,
  shmSize: true,
  ssh: true,
  strictOwnership: true,
}

type OutputOf<Type extends Output['type']> = Names<Extract<Output, { readonly type: Type }>>

const OUTPUTS: { readonly [Type in Output['type']]: OutputOf<Type> } = {
  docker: { type: true, dest: true, name: true, compression: true },
  local: { type: true, dest: true, platformSplit: true },
  oci: { type: true, dest: true, name: true, compression: true, tar: true },
  registry: { type: true, name: true, pushByDigest: true, compression: true },
  tar: { type: true, dest: true, platformSplit: true },
}

const TARGET = { type: true, mode: true, compression: true, keep: true, maxSize: true, ignoreError: true } as const

type TargetOf<Type extends CacheTarget['type']> = Names<Extract<CacheTarget, { readonly type: Type }>>

const CACHE_TARGETS: { readonly [Type in CacheTarget['type']]: TargetOf<Type> } = {
  backend: { ...TARGET, backend: true },
  inline: { type: true },
  local: { ...TARGET, dest: true, tag: true, reset: true },
  registry: { ...TARGET, ref: true },
}

type SourceOf<Type extends CacheSource['type']> = Names<Extract<CacheSource, { readonly type: Type }>>

const CACHE_SOURCES: { readonly [Type in CacheSource['type']]: SourceOf<Type> } = {
  backend: { type: true, backend: true },
  local: { type: true, src: true, tag: true, digest: true },
  registry: { type: true, ref: true },
}

/**
 * Refuses unknown options of a build, of its RUN steps, of its outputs and of its caches. Errors with `OPTION_UNKNOWN`,
 * and with `OPTION_INVALID` for an output or a cache of no known type.
 */
export function checkOptions(options: BuildOptions): void {
  checkNames(options, BUILD, '')
  checkNames(options.run ?? {}, RUN, 'run.')
  checkTyped('outputs', options.outputs, OUTPUTS)
  checkTyped('cacheFrom', options.cacheFrom, CACHE_SOURCES)
  checkTyped('cacheTo', options.cacheTo, CACHE_TARGETS)
}

function checkTyped(
  option: string,
  given: readonly { readonly type: string }[] = [],
  types: Readonly<Record<string, object>>,
): void {
  for (const [at, item] of given.entries()) {
    const names = Object.hasOwn(types, item.type) ? types[item.type] : undefined
    if (!names) {
      const message = `${option}[${at}] has the type ${JSON.stringify(item.type)}`
      throw new TsbuildError('OPTION_INVALID', message, { hint: `the types are ${Object.keys(types).join(', ')}` })
    }
    checkNames(item, names, `${option}[${at}].`)
  }
}

function checkNames(given: object, names: object, prefix: string): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name))
  if (unknown === undefined) return
  const close = suggest(unknown, Object.keys(names))
  throw new TsbuildError('OPTION_UNKNOWN', `there is no option ${JSON.stringify(prefix + unknown)}`, {
    hint: close === undefined ? undefined : `did you mean ${JSON.stringify(prefix + close)}?`,
  })
}
