// Walks the graph: each step starts as soon as its inputs are ready.
import { joinSignals } from '../base/abort-signal.ts'
import { withLocation, withStep } from '../base/errors.ts'
import { positionAt } from '../base/source.ts'
import { asSystemFailure } from '../base/system-failure.ts'
import type { JoinedGraphs } from '../graph/join-graphs.ts'
import type { Vertex } from '../graph/types.ts'
import type { WantedEncoding } from '../layers/layer-sink.ts'
import type { Layer } from '../oci/types.ts'
import type { StepInfo } from './events.ts'
import { executeStep, filesystemOf } from './execute-step.ts'
import { createLimiter } from './limiter.ts'
import { observeStep } from './observe-step.ts'
import type { Filesystem, Session, StepResult } from './session.ts'

export interface Execution {
  /** The filesystems of the results, by vertex id. */
  readonly filesystems: ReadonlyMap<string, Filesystem>
  /** The ISO time at which each step's layer was made, by vertex id. */
  readonly created: ReadonlyMap<string, string>
  /** The steps of {@link shownSteps} that have a filesystem, in their order. */
  readonly steps: readonly FinishedStep[]
}

export interface FinishedStep {
  readonly vertex: Vertex
  /** A base image counts as cached if nothing of it was fetched. */
  readonly cached: boolean
  /** Milliseconds. */
  readonly duration: number
  /** Undefined for a base image. */
  readonly layer: Layer | undefined
}

// One thread writes a layer and feeds the thread pool. A second layer fills its waits; more would only cost memory.
const LAYERS_AT_ONCE = 2

/**
 * Executes each vertex of the graphs once. On the first failure, or an abort, running steps are stopped and
 * awaited; then the failure is thrown, with the location of its instruction.
 */
export async function execute(joined: JoinedGraphs, parent: Session): Promise<Execution> {
  const stop = new AbortController()
  const session: Session = { ...parent, signal: joinSignals(parent.signal, stop.signal) }
  const chain = resultChain(joined)
  const limit = createLimiter(LAYERS_AT_ONCE)
  const results = new Map<string, Promise<StepResult>>()
  const failures: unknown[] = []
  const durations = new Map<string, number>()
  const observed = async (vertex: Vertex, action: () => Promise<StepResult>): Promise<StepResult> => {
    const started = session.clock.now()
    const result = await observeStep(vertex.id, session, action, isCached)
    durations.set(vertex.id, session.clock.now() - started)
    return result
  }
  for (const vertex of joined.vertices) {
    const wanted: WantedEncoding = chain.has(vertex.id) ? session.compression : 'any'
    const inputs = Promise.all(vertex.inputs.map((id) => required(results, id)))
    const result = inputs.then((ready) => {
      const action = (): Promise<StepResult> =>
        executeStep(vertex, ready, { wanted, session: sessionOf(vertex, session), limit })
      return isShown(vertex) ? observed(vertex, action) : action()
    })
    results.set(vertex.id, result)
    result.catch((error: unknown) => {
      const failure = withStep(asSystemFailure(error), vertex.name)
      failures.push(withLocation(failure, vertex.span && session.location(vertex.span)))
      stop.abort()
    })
  }
  await Promise.allSettled(results.values())
  parent.signal.throwIfAborted()
  if (failures.length > 0) throw failures[0]

  const created = new Map<string, string>()
  const steps: FinishedStep[] = []
  for (const vertex of joined.vertices) {
    const { id, op } = vertex
    const result = await required(results, id)
    if (result.kind !== 'filesystem' || op.kind === 'scratch') continue
    const top = op.kind === 'image' ? undefined : result.filesystem.top
    steps.push({ vertex, cached: result.cached, duration: required(durations, id), layer: top?.layer })
    if (top?.created !== undefined) created.set(id, top.created)
  }
  const filesystems = new Map<string, Filesystem>()
  for (const id of joined.results) {
    if (filesystems.has(id)) continue
    filesystems.set(id, await filesystemOf(await required(results, id), session.compression, session))
  }
  return { filesystems, created, steps }
}

/** The session of a step: without the cache if --no-cache-filter names its stage. */
export function sessionOf({ stage }: Vertex, session: Session): Session {
  const isUncached = stage !== undefined && session.noCacheStages.has(stage)
  return isUncached ? { ...session, noCache: true } : session
}

/** The steps that progress shows, in the graphs' order. */
export function shownSteps({ graphs, vertices }: JoinedGraphs): StepInfo[] {
  const text = graphs[0]?.dockerfile.file.text ?? ''
  return vertices.filter(isShown).map(({ id, name, inputs, span }) => ({
    id,
    name,
    inputs,
    ...(span && { line: positionAt(text, span.start).line }),
  }))
}

const isCached = (result: StepResult): boolean => result.kind === 'filesystem' && result.cached
const isShown = ({ op }: Vertex): boolean => op.kind !== 'scratch' && op.kind !== 'context'

/** The ids of the vertices whose layers are part of a result. */
function resultChain({ vertices, results }: JoinedGraphs): Set<string> {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]))
  const chain = new Set<string>()
  for (const result of results) {
    for (let id: string | undefined = result; id !== undefined; id = byId.get(id)?.inputs[0]) chain.add(id)
  }
  return chain
}

function required<T>(map: ReadonlyMap<string, T>, id: string): T {
  const value = map.get(id)
  if (value === undefined) throw new Error(`bug: vertex ${id} comes before its input`)
  return value
}
