// Writes or pushes the result of a build to its outputs.

import { TsbuildError } from '../../base/errors.ts'
import { assembleImages } from '../../executor/assemble/assemble-image.ts'
import { convertLayers } from '../../executor/assemble/convert-layers.ts'
import type { StepInfo } from '../../executor/events.ts'
import type { Execution } from '../../executor/execute.ts'
import type { BaseNeed } from '../../executor/needed-bases.ts'
import { observeStep } from '../../executor/observe-step.ts'
import type { Filesystem, Session } from '../../executor/session.ts'
import { exportImage } from '../../export/export-image.ts'
import { refuseClosedOutput } from '../../export/write-stream.ts'
import type { JoinedGraphs } from '../../graph/join-graphs.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { parseReference } from '../../oci/reference.ts'
import type { ImageSet } from '../../oci/write-index.ts'
import type { LazyClient } from '../../registry/lazy-client.ts'
import type { BuildOptions, ExportedOutput, Output } from '../build-options.ts'
import { targetPlatforms, wantsIndex } from '../target-platforms.ts'
import { layerCompression } from './output-compression.ts'

/** The result of a build, and its parts, for outputs that need other compression. */
export interface Delivery {
  readonly joined: JoinedGraphs
  readonly execution: Execution
  readonly result: ImageSet
  /** Full names. */
  readonly names: readonly string[]
}

/** Refuses outputs that cannot hold the result, before anything is built. Errors with `OUTPUT_INVALID`, `OUTPUT_IO`. */
export function checkOutputs(options: BuildOptions): void {
  for (const output of options.outputs ?? []) {
    if (output.type !== 'registry' && output.dest === '-') refuseClosedOutput()
    if (output.type === 'registry' && output.pushByDigest) refuseTags(output.name?.split(',') ?? options.tags ?? [])
  }
  const platforms = targetPlatforms(options)
  if (!wantsIndex(options, platforms) || !options.outputs?.some(({ type }) => type === 'docker')) return
  if (platforms.length < 2)
    throw new TsbuildError(
      'OUTPUT_INVALID',
      'type=docker holds an image, not the index that BUILDKIT_MULTI_PLATFORM requests',
    )
  const message = `type=docker holds an image of one platform, not of ${platforms.map(formatPlatform).join(', ')}`
  throw new TsbuildError('OUTPUT_INVALID', message, {
    hint: 'use type=oci, which holds all of them in one archive, or build for one platform at a time',
  })
}

function refuseTags(names: readonly string[]): void {
  const tagged = names.find((name) => parseReference(name).tag !== undefined)
  if (tagged === undefined) return
  throw new TsbuildError('OUTPUT_INVALID', `${JSON.stringify(tagged)} has a tag, but push-by-digest sets none`, {
    hint: 'remove the tag; "tsbuild imagetools create -t NAME:TAG NAME@DIGEST" sets it later',
  })
}

/** The steps after those of the graph: one for each output. */
export function exportSteps({ outputs = [] }: BuildOptions, { results }: JoinedGraphs): StepInfo[] {
  return outputs.map(({ type }, at) => ({
    id: `export:${at}`,
    name: type === 'registry' ? 'pushing' : `exporting as ${type}`,
    inputs: [...new Set(results)],
  }))
}

/**
 * Whether the result is only pushed. Then the store may lack base layers that the registry has, so the image
 * gets no name in the store: a name must not lead to an incomplete image.
 */
export function onlyPushed({ outputs = [] }: BuildOptions): boolean {
  return outputs.length > 0 && outputs.every((output) => output.type === 'registry')
}

/** The parts of base images that the outputs need. */
export function neededOfResults(options: BuildOptions): BaseNeed {
  if (onlyPushed(options)) return 'nothing'
  return options.outputs?.some(({ type }) => type === 'local' || type === 'tar') ? 'all' : 'files'
}

/** Exports or pushes the result to each output, one after the other. */
export async function deliverOutputs(
  outputs: readonly Output[],
  delivery: Delivery,
  session: Session,
  client: LazyClient,
): Promise<ExportedOutput[]> {
  const { names, result } = delivery
  const delivered: ExportedOutput[] = []
  for (const [at, output] of outputs.entries()) {
    session.signal.throwIfAborted()
    const step = `export:${at}`
    const exported = await observeStep(step, session, async (): Promise<ExportedOutput> => {
      const converted = await resultFor(output, delivery, session)
      if (output.type !== 'registry') return exportImage(converted, output, { ...session, names })
      const { pushOutput } = await import('./push-output.ts')
      return pushOutput(converted.descriptor, output, names, { ...session, client: await client.open(), step })
    })
    const { digest } = result.descriptor
    const { destination, size } = exported
    const details = { output: output.type, destination, digest, ...(size !== undefined && { size }) }
    session.emit({ type: 'exported', time: session.clock.now(), ...details })
    warnOfLosses(exported, session)
    delivered.push(exported)
  }
  return delivered
}

function warnOfLosses({ losses = [], destination }: ExportedOutput, { warn }: Session): void {
  const [first] = losses
  if (!first) return
  const problem = first.kind === 'node' ? 'could not be created' : 'has attributes that could not be kept'
  const more = losses.length > 1 ? `, and ${losses.length - 1} more` : ''
  const message = `${JSON.stringify(destination)} is incomplete: ${JSON.stringify(first.path)} ${problem}${more}`
  warn({ code: 'OUTPUT_INCOMPLETE', message, hint: 'use -o type=tar, which keeps everything', step: undefined })
}

/** The result with its layers compressed as an output requests. */
async function resultFor(output: Output, { joined, execution, result }: Delivery, session: Session): Promise<ImageSet> {
  if (output.type === 'local' || output.type === 'tar' || !output.compression) return result
  const compression = layerCompression(output.compression)
  const filesystems = new Map<string, Filesystem>()
  for (const [id, filesystem] of execution.filesystems) {
    filesystems.set(id, await convertLayers(filesystem, compression, session))
  }
  return assembleImages(joined, { ...execution, filesystems }, { ...session, compression })
}
