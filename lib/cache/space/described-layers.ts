// The steps that made layers and fetched sources, as the build records tell them.
import { digestParts, isDigest } from '../../oci/digest.ts'
import type { Digest } from '../../oci/types.ts'
import { type BuildRecord, readRecords } from '../records.ts'
import type { UsageType } from './usage-record.ts'

/** The records of one layer or download. */
export interface DescribedLayer {
  readonly type: UsageType
  readonly description: string
  /** The files of all its records. */
  readonly records: readonly string[]
}

/** The records by the hexadecimal digits of the layer, or of the download, that is their result. */
export function describedLayers(root: string): ReadonlyMap<string, DescribedLayer> {
  const found = new Map<string, DescribedLayer>()
  for (const { path, record } of readRecords(root)) {
    const digest = resultOf(record)
    if (digest === undefined) continue
    const { hex } = digestParts(digest)
    const known = found.get(hex)
    const description = descriptionOf(record)
    found.set(hex, {
      type: known?.type ?? typeOf(record),
      // Two records of one step differ in how much they say.
      description: (known?.description.length ?? 0) > description.length ? (known?.description ?? '') : description,
      records: [...(known?.records ?? []), path],
    })
  }
  return found
}

function resultOf({ result }: BuildRecord): Digest | undefined {
  if (typeof result !== 'object' || result === null) return undefined
  const { diffID, digest = diffID } = result as Readonly<Record<string, unknown>>
  return isDigest(digest) ? digest : undefined
}

function typeOf({ step }: BuildRecord): UsageType {
  if (step === 'git') return 'source.git.checkout'
  return step === 'http' ? 'source.http' : 'regular'
}

function descriptionOf({ step, parts }: BuildRecord): string {
  const part = (label: string): string | undefined => parts.find((candidate) => candidate.label === label)?.value
  if (step === 'git') return `git ${part('remote') ?? ''}#${part('commit') ?? ''}`
  const command = part('command')
  if (step === 'RUN' && command !== undefined) return `RUN ${commandText(command)}`
  const operation = part('operation')
  return operation === undefined ? step : operationText(step, operation)
}

/** The sources and the destination of a copy in a record; the operation itself for another step. */
function operationText(step: string, operation: string): string {
  const value = parseIfJson(operation)
  const op: unknown = Array.isArray(value) ? value[0] : undefined
  if (typeof op !== 'object' || op === null) return operation.startsWith(step) ? operation : step
  const { sources, destination } = op as Readonly<Record<string, unknown>>
  const paths = Array.isArray(sources) ? sources.map(pathOf).filter((path) => path !== undefined) : []
  return [step, ...paths, ...(typeof destination === 'string' ? [destination] : [])].join(' ')
}

function pathOf(source: unknown): string | undefined {
  if (typeof source !== 'object' || source === null || !('path' in source)) return undefined
  return typeof source.path === 'string' ? source.path : undefined
}

/** The arguments of a RUN step in a record. */
function commandText(json: string): string {
  const value = parseIfJson(json)
  const args: unknown = Array.isArray(value) ? value[0] : undefined
  return Array.isArray(args) ? args.join(' ') : json
}

function parseIfJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
