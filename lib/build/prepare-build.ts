// From options to graphs: opens the contexts, parses the Dockerfile, resolves base images. Nothing is built.

import { failOnErrors } from '../base/errors.ts'
import type { Store } from '../cache/store.ts'
import { useStore } from '../cache/use-store.ts'
import { parseContextUrl } from '../context/parse-context-url.ts'
import type { OpenedContext } from '../executor/session.ts'
import { createGraphs, createObservedGraph } from '../graph/create-graph.ts'
import { type JoinedGraphs, joinGraphs } from '../graph/join-graphs.ts'
import type { Graph } from '../graph/types.ts'
import { openRemoteBases } from '../images/remote-bases.ts'
import type { ContentReader } from '../oci/content.ts'
import { defaultPlatform, formatPlatform } from '../oci/platform.ts'
import type { Digest } from '../oci/types.ts'
import { parse } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import { type LazyClient, lazyClient } from '../registry/lazy-client.ts'
import type { BlobOrigin } from '../registry/pull/pull-blobs.ts'
import { registryOptions } from './access-of.ts'
import type { BuildOptions } from './build-options.ts'
import { refuseFrontends } from './buildkit-args.ts'
import type { MainContext } from './contexts/main-context.ts'
import { fileContexts } from './contexts/named-contexts.ts'
import { openMainContext } from './contexts/open-main-context.ts'
import { openNamedContext } from './contexts/open-named-context.ts'
import { type ReadOptions, readOptions } from './contexts/read-options.ts'
import { createNameResolver } from './contexts/resolve-names.ts'
import { startLinter } from './refuse-warnings.ts'
import { askedEpoch, defaultEpoch, withEpoch } from './source-date-epoch.ts'
import { targetPlatforms, wantsIndex } from './target-platforms.ts'

export interface PreparedBuild {
  /** One for each platform. */
  readonly joined: JoinedGraphs
  readonly dockerfile: Dockerfile
  readonly main: MainContext
  readonly contexts: ReadonlyMap<string, OpenedContext>
  /** Readers of base images outside the store, by manifest digest. */
  readonly images: ReadonlyMap<Digest, ContentReader>
  /** The origins of base layers in registries, by digest. */
  readonly remoteBlobs: ReadonlyMap<Digest, BlobOrigin>
  /** SOURCE_DATE_EPOCH in seconds since 1970, if it is set. */
  readonly epoch: number | undefined
}

/**
 * The graph of a build, without building: reads the Dockerfile and the configs of the base images that the
 * target needs. For several platforms it is the graph of the first. Rejects as build() does.
 *
 * @example
 * ```ts
 * import { planBuild } from '@tsbuild/tsbuild'
 *
 * const context = new Map([['Dockerfile', 'FROM scratch AS a\nCOPY x /\nFROM scratch\nCOPY --from=a /x /\n']])
 * const graph = await planBuild({ context })
 * console.log(graph.stages.length) // 2
 * ```
 */
export async function planBuild(given: BuildOptions): Promise<Graph> {
  const options = await readOptions(given)
  const store = useStore(options.store, options.env)
  const client = lazyClient(registryOptions(options))
  try {
    const platforms = options.platforms?.slice(0, 1)
    const { joined } = await prepareBuild({ ...options, ...(platforms && { platforms }) }, store, client)
    const [graph] = joined.graphs
    if (!graph) throw new Error('bug: a build without a graph')
    return graph
  } finally {
    await client.close()
    store.close()
  }
}

/**
 * Reads and parses the Dockerfile of a build. Rejects as build() does if there is none, or if it has errors.
 *
 * @example
 * ```ts
 * import { readDockerfile } from '@tsbuild/tsbuild'
 *
 * const { instructions } = await readDockerfile({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY . /\n']]) })
 * console.log(instructions.map(({ kind }) => kind).join(' ')) // FROM COPY
 * ```
 */
export async function readDockerfile(given: BuildOptions): Promise<Dockerfile> {
  const options = await readOptions(given)
  const store = useStore(options.store, options.env)
  try {
    return parseDockerfile(await openMainContext(options, store), options)
  } finally {
    store.close()
  }
}

function parseDockerfile(main: MainContext, options: BuildOptions): Dockerfile {
  const dockerfile = readInstructions(main, options)
  failOnErrors(dockerfile.file, dockerfile.diagnostics)
  return dockerfile
}

/** The Dockerfile with its errors, if it has any. */
function readInstructions({ dockerfile: { text, name } }: MainContext, options: BuildOptions): Dockerfile {
  refuseFrontends({ text, name }, options)
  return parse(text, { name })
}

/** Prepares a build. `client` is for registries, which get a request only if a base image is not in the store. */
export async function prepareBuild(options: ReadOptions, store: Store, client: LazyClient): Promise<PreparedBuild> {
  const main = await openMainContext(options, store)
  const dockerfile = readInstructions(main, options)
  const platforms = targetPlatforms(options)
  const linter = await startLinter(dockerfile, {
    target: options.target,
    buildArgs: options.buildArgs ?? {},
    platform: formatPlatform(platforms[0] ?? defaultPlatform()),
    buildPlatform: formatPlatform(defaultPlatform()),
    ignore: main.ignore,
  })
  failOnErrors(dockerfile.file, dockerfile.diagnostics)
  const epoch = await askedEpoch(main, dockerfile, options)

  const contexts = new Map<string, OpenedContext>([['context', main]])
  const buildContexts = options.buildContexts ?? {}
  const remote = openRemoteBases(store, { client, policy: options.pull ?? 'missing', signal: options.signal })
  const resolver = createNameResolver(store, buildContexts, remote)
  const isIndex = wantsIndex(options, platforms)
  const [platform, ...others] = platforms
  const graphOptions = {
    target: options.target,
    buildArgs: withEpoch(options.buildArgs, epoch),
    buildPlatform: defaultPlatform(),
    labels: options.labels ?? {},
    resolve: resolver.resolve,
    override: resolver.override,
    observe: linter?.observe,
  }
  const joined = joinGraphs(
    platform && others.length > 0
      ? await createGraphs(dockerfile, [platform, ...others], graphOptions)
      : [await createObservedGraph(dockerfile, { ...graphOptions, platform })],
    { isIndex },
  )
  linter?.refuseWarnings()
  const needed = new Set(joined.vertices.map(({ op }) => (op.kind === 'context' ? op.name : '')))
  for (const [name, source] of fileContexts(buildContexts)) {
    // A remote context that no step needs is not downloaded.
    const isRemote = typeof source === 'string' && parseContextUrl(source) !== undefined
    if (needed.has(name) || !isRemote) contexts.set(name, await openNamedContext(name, source, options, store))
  }
  const { images } = resolver
  // It is the same for every platform, or of the first.
  const fallback = defaultEpoch(joined.graphs[0]?.globalArgs ?? new Map())
  return { joined, dockerfile, main, contexts, images, remoteBlobs: remote.blobs, epoch: epoch ?? fallback }
}
