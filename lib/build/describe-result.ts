import { positionAt } from '../base/source.ts'
import type { FinishedStep } from '../executor/execute.ts'
import type { Graph, Op } from '../graph/types.ts'
import type { ImageSet } from '../oci/write-index.ts'
import type { BuildResult, BuiltImage, BuiltStep } from './build-options.ts'

/** The images of a result, as build() returns them. */
export function describeResult({
  images,
  descriptor: { digest },
  descriptor,
  isIndex,
}: ImageSet): Pick<BuildResult, keyof BuiltImage | 'images' | 'index'> {
  const [first, ...others] = images.map((image): BuiltImage => {
    const { manifest, config } = image
    return {
      platform: image.descriptor.platform ?? config,
      image,
      digest: image.descriptor.digest,
      imageID: manifest.config.digest,
      size: [image.descriptor, manifest.config, ...manifest.layers].reduce((sum, { size }) => sum + size, 0),
    }
  })
  if (!first) throw new Error('bug: a result without an image')
  return { ...first, digest, images: [first, ...others], index: isIndex ? descriptor : undefined }
}

/** The steps of a build, as build() returns them. */
export function describeSteps(
  steps: readonly FinishedStep[],
  graphs: readonly Graph[],
): Pick<BuildResult, 'steps' | 'stepResults'> {
  const text = graphs[0]?.dockerfile.file.text ?? ''
  const names = new Map(graphs.flatMap(({ stages }) => stages.map(({ index, name }) => [index, name])))
  const stepResults = steps.map(({ vertex: { id, name, op, stage, span }, cached, duration, layer }): BuiltStep => {
    return {
      id,
      name,
      instruction: instructionOf(op),
      line: span && positionAt(text, span.start).line,
      stage: stage === undefined ? undefined : { index: stage, name: names.get(stage) },
      cached,
      duration,
      layer,
    }
  })
  const cached = stepResults.filter((step) => step.cached).length
  return { steps: { total: stepResults.length, cached }, stepResults }
}

function instructionOf(op: Op): string {
  if (op.kind === 'copy') return op.instruction
  return op.kind === 'image' ? 'FROM' : op.kind.toUpperCase()
}
