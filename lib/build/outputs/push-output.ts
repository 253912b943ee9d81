import { TsbuildError } from '../../base/errors.ts'
import type { Store } from '../../cache/store.ts'
import type { Clock } from '../../executor/clock.ts'
import type { BuildEvent } from '../../executor/events.ts'
import type { ExportedOutput, RegistryOutput } from '../../export/output.ts'
import { pushStored } from '../../images/push-image.ts'
import { formatReference, normaliseName, parseReference, type Reference } from '../../oci/reference.ts'
import type { Descriptor } from '../../oci/types.ts'
import type { RegistryClient } from '../../registry/client.ts'

export interface PushOutputOptions {
  readonly store: Store
  readonly client: RegistryClient
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly emit: (event: BuildEvent) => void
  /** The id of the step in progress events. */
  readonly step: string
}

/** Milliseconds between two progress events. */
const INTERVAL = 100

/**
 * Pushes the result of a build under the names of the output, or else of the build; by digest alone if the
 * output requests it. Errors with `OUTPUT_INVALID` if there is no name, and as pushImage() does.
 */
export async function pushOutput(
  descriptor: Descriptor,
  output: RegistryOutput,
  names: readonly string[],
  { store, client, signal, clock, emit, step }: PushOutputOptions,
): Promise<ExportedOutput> {
  const wanted = output.name ? [...new Set(output.name.split(',').map(normaliseName))] : names
  if (wanted.length === 0) {
    throw new TsbuildError('OUTPUT_INVALID', 'the image has no name to be pushed under', {
      hint: 'name it with -t REGISTRY/NAME:TAG',
    })
  }
  const references = wanted.map(parseReference).map((reference): Reference => {
    const { domain, path } = reference
    return output.pushByDigest ? { domain, path, digest: descriptor.digest } : reference
  })
  let reported = 0
  const onProgress = (current: number, total: number): void => {
    const now = clock.now()
    if (now - reported < INTERVAL && current < total) return
    reported = now
    emit({ type: 'progress', time: now, step, current: Math.max(0, current), total, unit: 'bytes' })
  }
  const { uploaded } = await pushStored(store, descriptor, references, { client, signal, onProgress })
  return { type: 'registry', destination: references.map(formatReference).join(', '), size: uploaded }
}
