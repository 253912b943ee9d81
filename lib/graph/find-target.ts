// Stages by the names that a caller gives: `--target` and `--no-cache-filter`.
import { TsbuildError } from '../base/errors.ts'
import { suggest } from '../base/suggest.ts'
import type { Stage } from '../parser/types.ts'
import type { LinkedStage } from './linked-stage.ts'

/** The stage to build: by name as `--target` gives it, by default the last. Errors with `TARGET_UNKNOWN`. */
export function findTarget(stages: readonly LinkedStage[], target: string | undefined): number {
  if (target === undefined || target === '') return stages.length - 1
  const wanted = target.toLowerCase()
  const found = stages.findLastIndex(({ stage }) => stage.name === wanted)
  if (found !== -1) return found
  throw unknownStage(
    target,
    stages.map(({ stage }) => stage),
  )
}

/** The indexes of all stages with these names. `onUnknown` receives an error for each name that no stage has. */
export function stagesNamed(
  stages: readonly NamedStage[],
  names: readonly string[],
  onUnknown: (error: TsbuildError) => void,
): ReadonlySet<number> {
  const found = names.flatMap((name) => {
    const same = stages.filter((stage) => stage.name === name.toLowerCase())
    if (same.length === 0) onUnknown(unknownStage(name, stages))
    return same.map(({ index }) => index)
  })
  return new Set(found)
}

type NamedStage = Pick<Stage, 'index' | 'name'>

function unknownStage(wanted: string, stages: readonly NamedStage[]): TsbuildError {
  const names = stages.flatMap(({ name }) => name ?? [])
  const near = suggest(wanted.toLowerCase(), names)
  return new TsbuildError('TARGET_UNKNOWN', `there is no stage named ${JSON.stringify(wanted)}`, {
    hint: near
      ? `did you mean "${near}"?`
      : names.length > 0
        ? `the stages are ${names.map((n) => `"${n}"`).join(', ')}`
        : 'no stage in this Dockerfile has a name: write FROM … AS NAME',
  })
}
