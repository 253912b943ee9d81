// Progress as appended lines, in the format of `docker buildx --progress=plain`.
import type { BuildEvent } from '../../index.ts'
import { colorReport } from '../terminal/color-report.ts'
import { formatDuration } from '../terminal/format-quantity.ts'
import { outputLine } from '../terminal/output-line.ts'
import { type Paint, painter } from '../terminal/paint.ts'
import { printable } from '../terminal/text-width.ts'
import { amountText } from './amount-text.ts'
import type { Renderer } from './renderer.ts'
import { reduceSteps, type Step, type Steps } from './steps.ts'

type Line =
  | { readonly kind: 'name'; readonly step: Step }
  | { readonly kind: 'result'; readonly step: Step }
  | { readonly kind: 'missed'; readonly step: Step; readonly reason: string }
  | { readonly kind: 'text'; readonly step: Step; readonly time: number; readonly text: string }
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'blank' }

export interface PlainState {
  readonly steps: Steps
  /** The numbers of steps (`#1`, `#2`, …), in the order of their first lines. */
  readonly numbers: ReadonlyMap<string, number>
  /** The id of the step that printed the last line, or undefined. */
  readonly last: string | undefined
  /** The time of the last progress line of a step. */
  readonly reported: ReadonlyMap<string, number>
  /** The line that a step is still writing, if it goes back to its beginning: a progress bar. */
  readonly unfinished: ReadonlyMap<string, string>
  /** Whether a step of this build, with this or another result, was made before. */
  readonly isWarm: boolean
  /** Lines that the last event added. */
  readonly added: readonly Line[]
}

/** Milliseconds between two progress lines of a step. */
const REPORT_INTERVAL = 5000

export const plainProgress: Renderer<PlainState> = {
  mode: 'append',
  initial: {
    steps: new Map(),
    numbers: new Map(),
    last: undefined,
    reported: new Map(),
    unfinished: new Map(),
    isWarm: false,
    added: [],
  },
  reduce,
  draw: (state, view) => {
    return state.added.flatMap((line) => drawLine(line, state.numbers, view.color))
  },
}

function reduce(before: PlainState, event: BuildEvent): PlainState {
  const state = { ...before, steps: reduceSteps(before.steps, event), added: [] }
  switch (event.type) {
    case 'started':
      return addLines(state, event.step, () => [])
    case 'progress': {
      const step = state.steps.get(event.step)
      const since = state.reported.get(event.step) ?? step?.started ?? event.time
      if (event.time - since < REPORT_INTERVAL) return state
      const reported = new Map(state.reported).set(event.step, event.time)
      return addLines({ ...state, reported }, event.step, (s) => [
        { kind: 'text', step: s, time: event.time, text: amountText(s) },
      ])
    }
    case 'log': {
      const { lines, rest } = wholeLines(`${state.unfinished.get(event.step) ?? ''}${event.text}`)
      const unfinished = new Map(state.unfinished).set(event.step, rest)
      if (lines.length === 0) return { ...state, unfinished }
      return addLines({ ...state, unfinished }, event.step, (step) =>
        lines.map((text) => ({ kind: 'text', step, time: event.time, text })),
      )
    }
    case 'missed':
      // Where nothing was ever built, nobody asks why nothing is cached.
      if (event.isFirst && !state.isWarm) return state
      return addLines({ ...state, isWarm: true }, event.step, (step) => [
        { kind: 'missed', step, reason: event.reason },
      ])
    case 'completed': {
      const isBase = / FROM /.test(state.steps.get(event.step)?.name ?? '')
      const isWarm = state.isWarm || (event.cached && !isBase)
      const text = state.unfinished.get(event.step) ?? ''
      return addLines({ ...state, isWarm }, event.step, (step) => [
        ...(text === '' ? [] : [{ kind: 'text', step, time: event.time, text } as const]),
        { kind: 'result', step },
      ])
    }
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

/** The characters that are kept of an unfinished line. */
const LONG_LINE = 16 * 1024

/**
 * The lines of a text. One that is not finished counts as a line, since it may be a prompt, unless it goes back to its
 * beginning: then only its last state is worth a line.
 */
function wholeLines(text: string): { readonly lines: readonly string[]; readonly rest: string } {
  const lines = text.split(/\r?\n/)
  const last = lines.pop() ?? ''
  if (last === '') return { lines, rest: '' }
  return last.includes('\r') ? { lines, rest: last.slice(-LONG_LINE) } : { lines: [...lines, last], rest: '' }
}

/** Adds lines of a step. Its name comes first, and again when its output continues after lines of another step. */
function addLines(state: PlainState, id: string, lines: (step: Step) => readonly Line[]): PlainState {
  const step = state.steps.get(id)
  if (!step) return state
  const isNew = !state.numbers.has(id)
  const numbers = isNew ? new Map(state.numbers).set(id, state.numbers.size + 1) : state.numbers
  const more = lines(step)
  const goesOn = !isNew && state.last !== id && more.some((line) => line.kind === 'text')
  const name: readonly Line[] = isNew || goesOn ? [{ kind: 'name', step }] : []
  return { ...state, numbers, last: id, added: [...(goesOn ? [{ kind: 'blank' } as const] : []), ...name, ...more] }
}

function drawLine(line: Line, numbers: PlainState['numbers'], color: boolean): string[] {
  const paint = painter(color)
  if (line.kind === 'blank') return ['']
  if (line.kind === 'report') return colorReport(line.text.split('\n').map(printable).join('\n'), paint).split('\n')
  const number = paint('dim', `#${numbers.get(line.step.id) ?? 0}`)
  switch (line.kind) {
    case 'name':
      return [`${number} ${printable(line.step.name)}`]
    case 'text':
      return [
        `${number} ${paint('dim', seconds(line.time - (line.step.started ?? line.time)))} ${outputLine(line.text, { color })}`,
      ]
    case 'missed':
      return [`${number} ${paint('dim', `not cached: ${printable(line.reason)}`)}`]
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
