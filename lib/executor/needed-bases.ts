// Decides how much of a base image a build needs. No more of it is fetched from a registry.
import type { JoinedGraphs } from '../graph/join-graphs.ts'
import type { Vertex } from '../graph/types.ts'
import { isLinked } from './copy/is-linked.ts'
import { namesAccount } from './copy/resolve-owner.ts'

/**
 * `nothing`: the result only refers to the base. `index`: the paths in it. `files`: any of its files. `all`: all of
 * its files, decompressed.
 */
export type BaseNeed = 'nothing' | 'index' | 'files' | 'all'

/**
 * The need of each image vertex: by the steps on it and the copies from it. `ofResults` is the need of outputs for
 * the results' bases.
 */
export function neededBases(
  { vertices, results }: Pick<JoinedGraphs, 'vertices' | 'results'>,
  ofResults: BaseNeed,
): ReadonlyMap<string, BaseNeed> {
  const byId = new Map(vertices.map((vertex) => [vertex.id, vertex]))
  const needs = new Map<string, BaseNeed>()
  const raise = (id: string | undefined, need: BaseNeed): void => {
    const root = rootOf(id, byId)
    if (root && RANK[need] >= RANK[needs.get(root.id) ?? 'nothing']) needs.set(root.id, need)
  }
  for (const vertex of vertices) {
    const [base, ...sources] = vertex.inputs
    raise(base, needOfStep(vertex))
    for (const source of sources) raise(source, vertex.op.kind === 'run' ? 'all' : 'files')
  }
  for (const result of results) raise(result, ofResults)
  return needs
}

const RANK: Readonly<Record<BaseNeed, number>> = { nothing: 0, index: 1, files: 2, all: 3 }

function needOfStep({ op }: Vertex): BaseNeed {
  switch (op.kind) {
    case 'run':
      return 'all'
    case 'workdir':
      return namesAccount(op.user) ? 'files' : 'index'
    case 'copy':
      if (isLinked(op)) return 'nothing'
      return op.chown !== undefined && namesAccount(op.chown) ? 'files' : 'index'
    default:
      return 'nothing'
  }
}

/** The image that a stack of steps stands on. */
function rootOf(id: string | undefined, byId: ReadonlyMap<string, Vertex>): Vertex | undefined {
  for (let vertex = id === undefined ? undefined : byId.get(id); vertex; ) {
    if (vertex.op.kind === 'image') return vertex
    const [below] = vertex.inputs
    vertex = below === undefined ? undefined : byId.get(below)
  }
  return undefined
}
