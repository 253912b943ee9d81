import type { Build, BuildOptions, BuildResult, CompressionOption, ExportedOutput, Output } from './build-options.ts'
import { openStore, type Store } from './cache/store.ts'
import type { BuildEvent, StepInfo } from './events.ts'
import { assembleImage } from './executor/assemble-image.ts'
import { convertLayers } from './executor/convert-layers.ts'
import { type Execution, execute, shownSteps } from './executor/execute.ts'
import type { LayerCompression } from './executor/layer-compression.ts'
import { neededBases } from './executor/needed-bases.ts'
import { observeStep } from './executor/observe-step.ts'
import { checkRuns } from './executor/run/check-runs.ts'
import { isNewCommand } from './executor/run/execute-run.ts'
import { createRunWorkers, type RunWorkers } from './executor/run/run-workers.ts'
import type { BuildWarning, Session } from './executor/session.ts'
import { exportImage } from './export/export-image.ts'
import type { Graph, Vertex } from './graph/types.ts'
import { lazyStore } from './lazy-store.ts'
import { normaliseName } from './oci/reference.ts'
import type { Image } from './oci/types.ts'
import { type PreparedBuild, prepareBuild } from './prepare-build.ts'
import { pushOutput } from './push-output.ts'
import { openRegistryClient, type RegistryClient } from './registry/client.ts'
import { startBuild } from './running-build.ts'

/**
 * Builds an image. The returned build can be awaited for its result, or iterated for its events.
 *
 * Rejects with a TsbuildError for anything that the user can mend, and with `options.signal`'s reason when aborted. Nothing is left
 * half-written: outputs appear whole or not at all, and the store keeps the steps that were finished.
 */
export function build(options: BuildOptions): Build {
  return startBuild((emit) =>
    runBuild(options, (event) => {
      options.onEvent?.(event)
      emit(event)
    }),
  )
}

async function runBuild(options: BuildOptions, emit: (event: BuildEvent) => void): Promise<BuildResult> {
  const names = [...new Set((options.tags ?? []).map(normaliseName))]
  const disk = openStore(options.store)
  const client = openRegistryClient()
  const runs = createRunWorkers(options.run ?? {}, disk, emit)
  try {
    const prepared = await prepareBuild({ ...options, onEvent: emit }, disk, client)
    const store = lazyStore(disk, prepared.remoteBlobs)
    const { graph } = prepared
    const session = createSession(options, prepared, store, runs, emit)
    checkRuns(graph, options.run ?? {}, session)
    // Whether commands can be run is to be known before anything is built.
    const needsWorker = ({ op }: Vertex): boolean => op.kind === 'run' && (session.noCache || isNewCommand(op, store))
    if (graph.vertices.some(needsWorker)) await runs.worker()
    emit({ type: 'plan', time: Date.now(), steps: [...shownSteps(graph), ...exportSteps(options, graph)] })
    const execution = await execute(graph, session).finally(runs.close)
    const image = assembleImage(graph, execution, session)
    const outputs = await deliver(options, graph, execution, image, names, session, client)
    if (!onlyPushed(options)) for (const name of names) store.references.set(name, image.descriptor)
    return {
      image,
      digest: image.descriptor.digest,
      imageID: image.manifest.config.digest,
      platform: graph.target.imagePlatform,
      names: onlyPushed(options) ? [] : names,
      steps: execution.steps,
      outputs: [...outputs, ...(onlyPushed(options) ? [] : inStore(names, outputs, store))],
      sandbox: runs.sandbox(),
      warnings: graph.diagnostics,
    }
  } finally {
    await runs.close()
    await client.close()
    disk.close()
  }
}

/** The store may lack layers of the base then, which the registry has: no name should lead to half an image. */
function onlyPushed({ outputs = [] }: BuildOptions): boolean {
  return outputs.length > 0 && outputs.every((output) => output.type === 'registry')
}

function createSession(
  options: BuildOptions,
  prepared: PreparedBuild,
  store: Store,
  runs: RunWorkers,
  emit: (event: BuildEvent) => void,
): Session {
  const { file } = prepared.graph.dockerfile
  return {
    store,
    contexts: prepared.contexts,
    images: prepared.images,
    remoteBlobs: prepared.remoteBlobs,
    baseNeeds: neededBases(prepared.graph, !onlyPushed(options)),
    indexes: new Map(),
    views: new Map(),
    emit,
    signal: options.signal ?? new AbortController().signal,
    now: Math.floor(Date.now() / 1000),
    epoch: prepared.epoch,
    noCache: options.noCache ?? false,
    compression: resultCompression(options),
    location: (span) => ({ file, span }),
    run: options.run ?? {},
    worker: runs.worker,
    warn: (warning) => emit(warningEvent(warning)),
  }
}

function warningEvent({ code, message, hint }: BuildWarning): BuildEvent {
  const text = `warning: ${message} [${code}]${hint === undefined ? '' : `\nhint: ${hint}`}`
  return { type: 'warning', time: Date.now(), code, message, text }
}

// What zlib and Go's gzip take when nothing is said.
const DEFAULT_LEVEL = 6

/** Layers are compressed while they are written, unless no output wants them so. */
function resultCompression({ outputs = [], tags = [] }: BuildOptions): LayerCompression {
  const images = outputs.filter((output) => output.type !== 'local' && output.type !== 'tar')
  const filesOnly = outputs.length > 0 && images.length === 0 && tags.length === 0
  if (filesOnly) return { algorithm: 'uncompressed' }
  return layerCompression(tags.length === 0 ? images[0]?.compression : undefined)
}

function layerCompression(option: CompressionOption | undefined): LayerCompression {
  if (option?.algorithm === 'uncompressed') return { algorithm: 'uncompressed' }
  return { algorithm: 'gzip', level: option?.level ?? DEFAULT_LEVEL }
}

/** The steps that follow the graph's: one for each output. */
function exportSteps({ outputs = [] }: BuildOptions, graph: Graph): StepInfo[] {
  return outputs.map(({ type }, at) => ({
    id: `export:${at}`,
    name: type === 'registry' ? 'pushing' : `exporting as ${type}`,
    inputs: [graph.target.result],
  }))
}

async function deliver(
  options: BuildOptions,
  graph: Graph,
  execution: Execution,
  image: Image,
  names: readonly string[],
  session: Session,
  client: RegistryClient,
): Promise<ExportedOutput[]> {
  const delivered: ExportedOutput[] = []
  for (const [at, output] of (options.outputs ?? []).entries()) {
    session.signal.throwIfAborted()
    const exported = await observeStep(`export:${at}`, session, async (): Promise<ExportedOutput> => {
      const converted = await imageFor(output, graph, execution, image, session)
      if (output.type !== 'registry') return exportImage(converted, output, { ...session, names })
      return pushOutput(converted, output, names, { ...session, client, step: `export:${at}` })
    })
    const { digest } = image.descriptor
    const { destination, size } = exported
    const told = { output: output.type, destination, digest, ...(size !== undefined && { size }) }
    session.emit({ type: 'exported', time: Date.now(), ...told })
    warnOfLosses(exported, session)
    delivered.push(exported)
  }
  return delivered
}

function warnOfLosses({ losses = [], destination }: ExportedOutput, { warn }: Session): void {
  const [first] = losses
  if (!first) return
  const what = first.kind === 'node' ? 'could not be made' : 'has attributes that could not be kept'
  const more = losses.length > 1 ? `, and ${losses.length - 1} more` : ''
  const message = `${JSON.stringify(destination)} lacks something of the image: ${JSON.stringify(first.path)} ${what}${more}`
  warn({ code: 'OUTPUT_INCOMPLETE', message, hint: '-o type=tar keeps all', step: undefined })
}

/** The image with its layers compressed as this output asks for. */
async function imageFor(
  output: Output,
  graph: Graph,
  execution: Execution,
  image: Image,
  session: Session,
): Promise<Image> {
  if (output.type === 'local' || output.type === 'tar' || !output.compression) return image
  const compression = layerCompression(output.compression)
  const filesystem = await convertLayers(execution.filesystem, compression, session)
  return assembleImage(graph, { ...execution, filesystem }, session)
}

function inStore(names: readonly string[], outputs: readonly ExportedOutput[], store: Store): ExportedOutput[] {
  if (names.length > 0) return [{ type: 'store', destination: names.join(', ') }]
  return outputs.length > 0 ? [] : [{ type: 'store', destination: store.root }]
}
