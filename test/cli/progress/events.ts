// A build's events, made short: the time is in seconds from an arbitrary start.

import type { Renderer, View } from '../../../lib/cli/progress/renderer.ts'
import type { BuildEvent } from '../../../lib/executor/events.ts'

export const start = 1_700_000_000_000

const at = (seconds: number): number => start + seconds * 1000

export const plan = (...names: readonly string[]): BuildEvent => ({
  type: 'plan',
  time: start,
  steps: names.map((name, i) => ({ id: `s${i + 1}`, name, inputs: [] })),
})
export const started = (seconds: number, step: string): BuildEvent => ({ type: 'started', time: at(seconds), step })
export const done = (seconds: number, step: string): BuildEvent => ({
  type: 'completed',
  time: at(seconds),
  step,
  cached: false,
})
export const cached = (seconds: number, step: string): BuildEvent => ({
  type: 'completed',
  time: at(seconds),
  step,
  cached: true,
})
export const failed = (seconds: number, step: string, error: string): BuildEvent => ({
  type: 'completed',
  time: at(seconds),
  step,
  cached: false,
  error,
})
export const log = (seconds: number, step: string, text: string): BuildEvent => ({
  type: 'log',
  time: at(seconds),
  step,
  stream: 'stdout',
  text,
})
export const files = (seconds: number, step: string, current: number, total?: number): BuildEvent => ({
  type: 'progress',
  time: at(seconds),
  step,
  current,
  ...(total !== undefined && { total }),
  unit: 'files',
})
export const warning = (seconds: number, text: string): BuildEvent => ({
  type: 'warning',
  time: at(seconds),
  code: 'DOCKERFILE_SYNTAX',
  message: text,
  text,
})

export function view(seconds: number, changes: Partial<View> = {}): View {
  return { width: 61, height: 24, now: at(seconds), color: false, unicode: true, finished: false, ...changes }
}

/** The screen after the events: everything that was appended, or the last display. */
export function show<State>(renderer: Renderer<State>, events: readonly BuildEvent[], at: View): string[] {
  let state = renderer.initial
  const lines: string[] = []
  for (const event of events) {
    state = renderer.reduce(state, event)
    if (renderer.mode === 'append') lines.push(...renderer.draw(state, at))
  }
  return renderer.mode === 'append' ? lines : [...renderer.draw(state, at)]
}
