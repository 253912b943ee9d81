import { TsbuildError } from '../base/errors.ts'
import type { Location } from '../base/source.ts'

/** The stages that each stage needs, by index. */
export type Dependencies = readonly ReadonlySet<number>[]

/**
 * The stages that `target` needs, itself included, in ascending order. Errors with `STAGE_CYCLE`, at the location
 * where the stage `from` says that it needs the stage `to`.
 */
export function reachableStages(
  dependencies: Dependencies,
  target: number,
  name: (index: number) => string,
  locate: (from: number, to: number) => Location | undefined,
): number[] {
  const state = new Map<number, 'open' | 'done'>()
  const path: number[] = []
  // An explicit stack: a chain of stages may be longer than the call stack is deep.
  const work: { readonly index: number; readonly leave: boolean }[] = [{ index: target, leave: false }]
  for (let item = work.pop(); item; item = work.pop()) {
    const { index, leave } = item
    if (leave) {
      state.set(index, 'done')
      path.pop()
      continue
    }
    if (state.get(index) === 'done') continue
    if (state.get(index) === 'open') {
      const cycle = [...path.slice(path.indexOf(index)), index].map(name)
      throw new TsbuildError('STAGE_CYCLE', `stages depend on each other: ${cycle.join(' → ')}`, {
        location: locate(path.at(-1) ?? index, index),
      })
    }
    state.set(index, 'open')
    path.push(index)
    work.push({ index, leave: true })
    for (const next of dependencies[index] ?? []) work.push({ index: next, leave: false })
  }
  return [...state.keys()].sort((a, b) => a - b)
}
