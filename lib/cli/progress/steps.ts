// The state of every step of a build, computed from the events.
import type { BuildEvent } from '../../index.ts'

export interface Step {
  readonly id: string
  readonly name: string
  readonly status: 'waiting' | 'running' | 'cached' | 'done' | 'failed' | 'cancelled'
  /** Milliseconds since 1970. */
  readonly started: number | undefined
  readonly ended: number | undefined
  readonly amount:
    | { readonly current: number; readonly total: number | undefined; readonly unit: 'bytes' | 'files' }
    | undefined
  readonly error: string | undefined
}

/** Steps by id, in the order of the plan. */
export type Steps = ReadonlyMap<string, Step>

/** The steps after an event. An event of a step that is in no plan adds the step under its id. */
export function reduceSteps(steps: Steps, event: BuildEvent): Steps {
  switch (event.type) {
    case 'plan':
      return new Map([
        ...steps,
        ...event.steps.map(({ id, name }): [string, Step] => [id, { ...(steps.get(id) ?? newStep(id)), name }]),
      ])
    case 'started':
      return change(steps, event.step, () => ({ status: 'running', started: event.time }))
    case 'progress':
      return change(steps, event.step, () => ({
        amount: { current: event.current, total: event.total, unit: event.unit },
      }))
    case 'completed':
      return change(steps, event.step, (step) => ({
        status: endOf(event),
        started: step.started ?? event.time,
        ended: event.time,
        error: event.error,
      }))
    default:
      return steps
  }
}

function endOf(event: BuildEvent & { type: 'completed' }): Step['status'] {
  if (event.cancelled) return 'cancelled'
  if (event.error !== undefined) return 'failed'
  return event.cached ? 'cached' : 'done'
}

const newStep = (id: string): Step => ({
  id,
  name: id,
  status: 'waiting',
  started: undefined,
  ended: undefined,
  amount: undefined,
  error: undefined,
})

function change(steps: Steps, id: string, difference: (step: Step) => Partial<Step>): Steps {
  const step = steps.get(id) ?? newStep(id)
  return new Map(steps).set(id, { ...step, ...difference(step) })
}
