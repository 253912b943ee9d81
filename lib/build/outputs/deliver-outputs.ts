// A build's result to where it is wanted.

import { TsbuildError } from '../../base/errors.ts'
import type { Store } from '../../cache/store.ts'
import { assembleImages } from '../../executor/assemble/assemble-image.ts'
import { convertLayers } from '../../executor/assemble/convert-layers.ts'
import type { StepInfo } from '../../executor/events.ts'
import type { Execution } from '../../executor/execute.ts'
import type { BaseNeed } from '../../executor/needed-bases.ts'
import { observeStep } from '../../executor/observe-step.ts'
import type { Filesystem, Session } from '../../executor/session.ts'
import { exportImage } from '../../export/export-image.ts'
import type { JoinedGraphs } from '../../graph/join-graphs.ts'
import type { ImageSet } from '../../oci/image-set.ts'
import { formatPlatform } from '../../oci/platform.ts'
import { parseReference } from '../../oci/reference.ts'
import type { LazyClient } from '../../registry/lazy-client.ts'
import type { BuildOptions, ExportedOutput, Output } from '../build-options.ts'
import { targetPlatforms, wantsIndex } from '../target-platforms.ts'
import { layerCompression } from './output-compression.ts'

/** What there is to deliver, and what it is made of, where an output wants it in another form. */
export interface Delivery {
  readonly joined: JoinedGraphs
  readonly execution: Execution
  readonly result: ImageSet
  /** Full names. */
  readonly names: readonly string[]
}

/** Refuses outputs that can't hold what is asked for, before anything is built. Errors with `OUTPUT_INVALID`. */
export function checkOutputs(options: BuildOptions): void {
  for (const output of options.outputs ?? []) {
    if (output.type === 'registry' && output.pushByDigest) refuseTags(output.name?.split(',') ?? options.tags ?? [])
  }
  const platforms = targetPlatforms(options)
  if (!wantsIndex(options, platforms) || !options.outputs?.some(({ type }) => type === 'docker')) return
  if (platforms.length < 2)
    throw new TsbuildError(
      'OUTPUT_INVALID',
      'type=docker holds an image, not the index that BUILDKIT_MULTI_PLATFORM asks for',
    )
  const message = `type=docker holds an image of one platform, not of ${platforms.map(formatPlatform).join(', ')}`
  throw new TsbuildError('OUTPUT_INVALID', message, {
    hint: 'type=oci holds all of them, in one archive; or build for one platform at a time',
  })
}

function refuseTags(names: readonly string[]): void {
  const tagged = names.find((name) => parseReference(name).tag !== undefined)
  if (tagged === undefined) return
  throw new TsbuildError('OUTPUT_INVALID', `${JSON.stringify(tagged)} has a tag, and push-by-digest gives none`, {
    hint: 'leave out the tag: "tsbuild imagetools create -t NAME:TAG NAME@DIGEST" gives it later',
  })
}

/** The steps that follow the graph's: one for each output. */
export function exportSteps({ outputs = [] }: BuildOptions, { results }: JoinedGraphs): StepInfo[] {
  return outputs.map(({ type }, at) => ({
    id: `export:${at}`,
    name: type === 'registry' ? 'pushing' : `exporting as ${type}`,
    inputs: [...new Set(results)],
  }))
}

/** The store may lack layers of the base then, which the registry has: no name should lead to half an image. */
export function onlyPushed({ outputs = [] }: BuildOptions): boolean {
  return outputs.length > 0 && outputs.every((output) => output.type === 'registry')
}

/** What the outputs need of the base images that the results stand on. */
export function neededOfResults(options: BuildOptions): BaseNeed {
  if (onlyPushed(options)) return 'nothing'
  return options.outputs?.some(({ type }) => type === 'local' || type === 'tar') ? 'all' : 'files'
}

/** Exports or pushes the result as each output says, one after the other. */
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

/** The result with its layers compressed as this output asks for. */
async function resultFor(output: Output, { joined, execution, result }: Delivery, session: Session): Promise<ImageSet> {
  if (output.type === 'local' || output.type === 'tar' || !output.compression) return result
  const compression = layerCompression(output.compression)
  const filesystems = new Map<string, Filesystem>()
  for (const [id, filesystem] of execution.filesystems) {
    filesystems.set(id, await convertLayers(filesystem, compression, session))
  }
  return assembleImages(joined, { ...execution, filesystems }, session)
}

/** Where the result is besides its outputs. */
export function keptInStore(
  names: readonly string[],
  outputs: readonly ExportedOutput[],
  store: Store,
): ExportedOutput[] {
  if (names.length > 0) return [{ type: 'store', destination: names.join(', ') }]
  return outputs.length > 0 ? [] : [{ type: 'store', destination: store.root }]
}
