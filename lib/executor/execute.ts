// Walks the graph: each step starts as soon as its inputs are ready.
import { joinSignals } from '../base/abort-signal.ts'
import { withLocation } from '../base/errors.ts'
import { positionAt } from '../base/source.ts'
import { asSystemFailure } from '../base/system-failure.ts'
import type { JoinedGraphs } from '../graph/join-graphs.ts'
import type { Vertex } from '../graph/types.ts'
import type { WantedEncoding } from '../layers/layer-sink.ts'
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
  /** Counts the steps of {@link shownSteps}. A base image counts as cached if nothing of it was fetched. */
  readonly steps: { readonly total: number; readonly cached: number }
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
  for (const vertex of joined.vertices) {
    const wanted: WantedEncoding = chain.has(vertex.id) ? session.compression : 'any'
    const inputs = Promise.all(vertex.inputs.map((id) => required(results, id)))
    const result = inputs.then((ready) => {
      const action = (): Promise<StepResult> =>
        executeStep(vertex, ready, { wanted, session: sessionOf(vertex, session), limit })
      return isShown(vertex) ? observeStep(vertex.id, session, action, isCached) : action()
    })
    results.set(vertex.id, result)
    result.catch((error: unknown) => {
      failures.push(withLocation(asSystemFailure(error), vertex.span && session.location(vertex.span)))
      stop.abort()
    })
  }
  await Promise.allSettled(results.values())
  parent.signal.throwIfAborted()
  if (failures.length > 0) throw failures[0]

  const created = new Map<string, string>()
  let cached = 0
  let total = 0
  for (const { id, op } of joined.vertices) {
    const result = await required(results, id)
    if (result.kind !== 'filesystem' || op.kind === 'scratch') continue
    total++
    if (result.cached) cached++
    if (op.kind === 'image') continue
    const time = result.filesystem.top?.created
    if (time !== undefined) created.set(id, time)
  }
  const filesystems = new Map<string, Filesystem>()
  for (const id of joined.results) {
    if (filesystems.has(id)) continue
    filesystems.set(id, await filesystemOf(await required(results, id), session.compression, session))
  }
  return { filesystems, created, steps: { total, cached } }
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
