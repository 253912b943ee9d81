// Progress as lines that are only ever added, in the form of `docker buildx --progress=plain`.
import type { BuildEvent } from '../../index.ts'
import { colorReport } from '../terminal/color-report.ts'
import { formatDuration } from '../terminal/format-quantity.ts'
import { type Paint, painter } from '../terminal/paint.ts'
import { printable } from '../terminal/text-width.ts'
import { amountText } from './amount-text.ts'
import type { Renderer } from './renderer.ts'
import { reduceSteps, type Step, type Steps } from './steps.ts'

type Line =
  | { readonly kind: 'name'; readonly step: Step }
  | { readonly kind: 'result'; readonly step: Step }
  | { readonly kind: 'text'; readonly step: Step; readonly time: number; readonly text: string }
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'blank' }

export interface PlainState {
  readonly steps: Steps
  /** `#1`, `#2`, … in the order in which steps first have something to say. */
  readonly numbers: ReadonlyMap<string, number>
  /** What the last line was about: a step's id, or undefined. */
  readonly last: string | undefined
  /** When a running step last said how far it is. */
  readonly told: ReadonlyMap<string, number>
  /** Lines that the last event added. */
  readonly added: readonly Line[]
}

/** Milliseconds between two reports of how far a step is. */
const REPORT_INTERVAL = 5000

export const plainProgress: Renderer<PlainState> = {
  mode: 'append',
  initial: { steps: new Map(), numbers: new Map(), last: undefined, told: new Map(), added: [] },
  reduce,
  draw: (state, view) => {
    const paint = painter(view.color)
    return state.added.flatMap((line) => drawLine(line, state.numbers, paint, view.color))
  },
}

function reduce(before: PlainState, event: BuildEvent): PlainState {
  const state = { ...before, steps: reduceSteps(before.steps, event), added: [] }
  switch (event.type) {
    case 'started':
      return say(state, event.step, () => [])
    case 'progress': {
      const step = state.steps.get(event.step)
      const since = state.told.get(event.step) ?? step?.started ?? event.time
      if (event.time - since < REPORT_INTERVAL) return state
      const told = new Map(state.told).set(event.step, event.time)
      return say({ ...state, told }, event.step, (s) => [
        { kind: 'text', step: s, time: event.time, text: amountText(s) },
      ])
    }
    case 'log': {
      const lines = event.text.replace(/\r?\n$/, '').split(/\r?\n/)
      return say(state, event.step, (step) => lines.map((text) => ({ kind: 'text', step, time: event.time, text })))
    }
    case 'completed':
      return say(state, event.step, (step) => [{ kind: 'result', step }])
    case 'warning':
      return {
        ...state,
        last: undefined,
        added: [{ kind: 'blank' }, { kind: 'report', text: event.text }, { kind: 'blank' }],
      }
    default:
      return state
  }
}

/** Adds lines about a step: under its name the first time, and again when its output goes on after another step spoke. */
function say(state: PlainState, id: string, lines: (step: Step) => readonly Line[]): PlainState {
  const step = state.steps.get(id)
  if (!step) return state
  const isNew = !state.numbers.has(id)
  const numbers = isNew ? new Map(state.numbers).set(id, state.numbers.size + 1) : state.numbers
  const more = lines(step)
  const goesOn = !isNew && state.last !== id && more.some((line) => line.kind === 'text')
  const name: readonly Line[] = isNew || goesOn ? [{ kind: 'name', step }] : []
  return { ...state, numbers, last: id, added: [...(goesOn ? [{ kind: 'blank' } as const] : []), ...name, ...more] }
}

function drawLine(line: Line, numbers: PlainState['numbers'], paint: Paint, color: boolean): string[] {
  if (line.kind === 'blank') return ['']
  if (line.kind === 'report') return colorReport(line.text.split('\n').map(printable).join('\n'), color).split('\n')
  const number = paint('dim', `#${numbers.get(line.step.id) ?? 0}`)
  switch (line.kind) {
    case 'name':
      return [`${number} ${printable(line.step.name)}`]
    case 'text':
      return [
        `${number} ${paint('dim', seconds(line.time - (line.step.started ?? line.time)))} ${printable(line.text)}`,
      ]
    case 'result':
      return [`${number} ${result(line.step, paint)}`]
  }
}

function result(step: Step, paint: Paint): string {
  if (step.status === 'cached') return paint('blue', 'CACHED')
  if (step.status === 'failed') return paint('red', `ERROR: ${printable(step.error ?? '')}`)
  if (step.status === 'cancelled') return paint('yellow', 'CANCELED')
  return paint('green', `DONE ${formatDuration((step.ended ?? 0) - (step.started ?? 0))}`)
}

const seconds = (milliseconds: number): string => (Math.max(0, milliseconds) / 1000).toFixed(3)
