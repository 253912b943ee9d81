import type { Step } from './steps.ts'

/** A row of the display: a step, or several steps folded into one row. */
export type Row =
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'ended'; readonly steps: number; readonly cached: number }
  | { readonly kind: 'waiting'; readonly steps: number }

/** The final display folds cached steps if there are more steps than this. */
const LONG_BUILD = 16

/**
 * Chooses the rows to show. With `room` there are at most so many: running steps go first, then the steps that
 * ended last, then the next ones. Without it, this is the final display: steps that never ran are folded, and
 * in long builds consecutive cached steps, too.
 */
export function fitSteps(steps: readonly Step[], room: number | undefined): Row[] {
  return room === undefined ? finalRows(steps) : steps.length <= room ? steps.map(stepRow) : liveRows(steps, room)
}

function liveRows(steps: readonly Step[], room: number): Row[] {
  const ended = steps.filter((step) => step.ended !== undefined)
  const running = steps.filter((step) => step.status === 'running')
  const waiting = steps.filter((step) => step.status === 'waiting')
  // Two rows are reserved for folded steps, before and after.
  const free = Math.max(0, room - 2 - running.length)
  const next = waiting.slice(0, Math.max(Math.floor(free / 2), free - ended.length))
  const last = free > next.length ? ended.slice(-(free - next.length)) : []
  const folded = ended.slice(0, ended.length - last.length)
  const rest = waiting.length - next.length
  return [
    ...(folded.length > 0 ? [endedRow(folded)] : []),
    ...last.map(stepRow),
    ...running.slice(0, Math.max(1, room - 2)).map(stepRow),
    ...next.map(stepRow),
    ...(rest > 0 ? [{ kind: 'waiting', steps: rest } as const] : []),
  ]
}

function finalRows(steps: readonly Step[]): Row[] {
  const rows: Row[] = []
  const long = steps.length > LONG_BUILD
  for (let i = 0; i < steps.length; i++) {
    const cached = steps.slice(i).findIndex((step) => step.status !== 'cached')
    const run = cached === -1 ? steps.length - i : cached
    const step = steps[i]
    if (long && run > 2) {
      rows.push(endedRow(steps.slice(i, i + run)))
      i += run - 1
    } else if (step && step.status !== 'waiting') {
      rows.push(stepRow(step))
    }
  }
  const waiting = steps.filter((step) => step.status === 'waiting').length
  return waiting > 0 ? [...rows, { kind: 'waiting', steps: waiting }] : rows
}

const stepRow = (step: Step): Row => ({ kind: 'step', step })

const endedRow = (steps: readonly Step[]): Row => ({
  kind: 'ended',
  steps: steps.length,
  cached: steps.filter((step) => step.status === 'cached').length,
})
