import { type Diagnostic, formatDiagnostic } from '../base/errors.ts'
import { positionAt } from '../base/source.ts'
import { openStore, type Store } from '../cache/store.ts'
import { assembleImages } from '../executor/assemble/assemble-image.ts'
import type { BuildEvent } from '../executor/events.ts'
import { execute, sessionOf, shownSteps } from '../executor/execute.ts'
import { neededBases } from '../executor/needed-bases.ts'
import { checkRuns } from '../executor/run/check-runs.ts'
import { isNewCommand } from '../executor/run/execute-run.ts'
import { createLazyWorker, type LazyWorker } from '../executor/run/lazy-worker.ts'
import type { BuildWarning, Session } from '../executor/session.ts'
import { stagesNamed } from '../graph/link-stages.ts'
import type { Graph, Vertex } from '../graph/types.ts'
import { lazyStore } from '../images/lazy-store.ts'
import type { ImageSet } from '../oci/image-set.ts'
import { normaliseName } from '../oci/reference.ts'
import { lazyClient } from '../registry/lazy-client.ts'
import type { Build, BuildOptions, BuildResult, BuiltImage } from './build-options.ts'
import { withBuildKitArgs } from './buildkit-args.ts'
import {
  checkOutputs,
  deliverOutputs,
  exportSteps,
  keptInStore,
  neededOfResults,
  onlyPushed,
} from './outputs/deliver-outputs.ts'
import { resultCompression } from './outputs/output-compression.ts'
import { type PreparedBuild, prepareBuild } from './prepare-build.ts'
import { startBuild } from './running-build.ts'

/**
 * Builds an image, or for several platforms an index of images. The returned build can be awaited for its result, or iterated for its events.
 *
 * Rejects with a TsbuildError for anything that the user can mend, and with `options.signal`'s reason when aborted. Nothing is left
 * half-written: outputs appear whole or not at all, and the store keeps the steps that were finished.
 *
 * @example
 * ```ts
 * import { build } from '@tsbuild/tsbuild'
 *
 * const running = build({
 *   context: new Map([
 *     ['Dockerfile', 'FROM scratch\nCOPY greeting /\n'],
 *     ['greeting', 'hello\n'],
 *   ]),
 *   tags: ['greeting:1'],
 * })
 * for await (const event of running) if (event.type === 'completed') console.log(event.step, event.cached)
 * const { image, names } = await running
 * console.log(names[0], image.layers.length) // docker.io/library/greeting:1 1
 * ```
 */
export function build(options: BuildOptions): Build {
  return startBuild((emit) =>
    runBuild(options, (event) => {
      options.onEvent?.(event)
      emit(event)
    }),
  )
}

async function runBuild(given: BuildOptions, emit: (event: BuildEvent) => void): Promise<BuildResult> {
  const options = withBuildKitArgs(given)
  const names = [...new Set((options.tags ?? []).map(normaliseName))]
  checkOutputs(options)
  const disk = openStore(options.store)
  const client = lazyClient()
  const runs = createLazyWorker(options.run ?? {}, disk, emit)
  try {
    const prepared = await prepareBuild({ ...options, onEvent: emit }, disk, client)
    const store = lazyStore(disk, prepared.remoteBlobs)
    const { joined } = prepared
    const opened = createSession(options, prepared, store, runs, emit)
    const warnings = warnOf(joined.graphs, emit)
    const session = { ...opened, neededEmulators: checkRuns(joined.vertices, options.run ?? {}, opened) }
    // Whether commands can be run is to be known before anything is built.
    const needsWorker = (vertex: Vertex): boolean =>
      vertex.op.kind === 'run' && (sessionOf(vertex, session).noCache || isNewCommand(vertex.op, store))
    if (joined.vertices.some(needsWorker)) await runs.worker()
    emit({ type: 'plan', time: Date.now(), steps: [...shownSteps(joined), ...exportSteps(options, joined)] })
    const execution = await execute(joined, session).finally(runs.close)
    const result = assembleImages(joined, execution, session)
    const outputs = await deliverOutputs(options.outputs ?? [], { joined, execution, result, names }, session, client)
    const kept = onlyPushed(options) ? undefined : names
    for (const name of kept ?? []) store.references.set(name, result.descriptor)
    return {
      ...describe(result),
      names: kept ?? [],
      steps: execution.steps,
      outputs: [...outputs, ...(kept ? keptInStore(kept, outputs, store) : [])],
      sandbox: runs.sandbox(),
      warnings,
    }
  } finally {
    await runs.close()
    await client.close()
    disk.close()
  }
}

function describe({ images, descriptor, isIndex }: ImageSet): Pick<BuildResult, keyof BuiltImage | 'images' | 'index'> {
  const [first, ...others] = images.map((image): BuiltImage => {
    const { manifest, config, descriptor } = image
    return {
      platform: descriptor.platform ?? config,
      image,
      digest: descriptor.digest,
      imageID: manifest.config.digest,
    }
  })
  if (!first) throw new Error('bug: a result without an image')
  return {
    ...first,
    digest: descriptor.digest,
    images: [first, ...others],
    index: isIndex ? descriptor : undefined,
  }
}

/** Tells of what was found while the graphs were made, each once. */
function warnOf(graphs: readonly Graph[], emit: (event: BuildEvent) => void): readonly Diagnostic[] {
  const warnings = new Map<string, Diagnostic>()
  for (const { dockerfile, diagnostics } of graphs) {
    for (const diagnostic of diagnostics) {
      const text = formatDiagnostic(dockerfile.file, diagnostic)
      if (warnings.has(text)) continue
      warnings.set(text, diagnostic)
      const { code, message, span } = diagnostic
      const { line } = positionAt(dockerfile.file.text, span.start)
      emit({ type: 'warning', time: Date.now(), code, message, text, line })
    }
  }
  return [...warnings.values()]
}

function createSession(
  options: BuildOptions,
  prepared: PreparedBuild,
  store: Store,
  runs: LazyWorker,
  emit: (event: BuildEvent) => void,
): Session {
  const { joined, contexts, images, remoteBlobs, epoch } = prepared
  return {
    store,
    contexts,
    images,
    remoteBlobs,
    baseNeeds: neededBases(joined, neededOfResults(options)),
    indexes: new Map(),
    plainLayers: new Set(),
    producing: new Map(),
    views: new Map(),
    inflated: new Map(),
    downloads: new Map(),
    emit,
    signal: options.signal ?? new AbortController().signal,
    now: Math.floor(Date.now() / 1000),
    epoch,
    noCache: options.noCache === true,
    noCacheStages:
      typeof options.noCache === 'object' ? stagesNamed(prepared.dockerfile.stages, options.noCache) : new Set(),
    compression: resultCompression(options),
    location: (span) => ({ file: prepared.dockerfile.file, span }),
    run: options.run ?? {},
    worker: runs.worker,
    warn: (warning) => emit(warningEvent(warning)),
  }
}

function warningEvent({ code, message, hint }: BuildWarning): BuildEvent {
  const text = `warning: ${message} [${code}]${hint === undefined ? '' : `\nhint: ${hint}`}`
  return { type: 'warning', time: Date.now(), code, message, text }
}
