// Progress as a live display of all steps, redrawn in place.

import { count } from '../../base/count.ts'
import type { BuildEvent } from '../../index.ts'
import { colorReport } from '../terminal/color-report.ts'
import { formatDuration } from '../terminal/format-quantity.ts'
import { outputLine } from '../terminal/output-line.ts'
import { type Paint, painter } from '../terminal/paint.ts'
import { printable, textWidth, truncate } from '../terminal/text-width.ts'
import { amountText } from './amount-text.ts'
import { fitSteps, type Row } from './fit-steps.ts'
import type { Renderer, View } from './renderer.ts'
import { reduceSteps, type Step, type Steps } from './steps.ts'

export interface TtyState {
  readonly steps: Steps
  readonly started: number | undefined
  /** The last lines that running steps wrote, by step. The last one is not finished: empty after a line ending. */
  readonly logs: ReadonlyMap<string, readonly string[]>
  readonly warnings: readonly string[]
}

const LOG_LINES = 6
/** The characters that are kept of a line. */
const LONG_LINE = 16 * 1024
/** The widest display: further right, times would be too far from the names of their steps. */
const WIDEST = 100

/** The renderer for a terminal. It shows the last `logLines` lines of each running step. */
export function ttyProgress(logLines: number = LOG_LINES): Renderer<TtyState> {
  return {
    mode: 'live',
    initial: { steps: new Map(), started: undefined, logs: new Map(), warnings: [] },
    reduce: (before, event) => reduce(before, event, logLines),
    draw,
  }
}

function reduce(before: TtyState, event: BuildEvent, logLines: number): TtyState {
  const state = { ...before, steps: reduceSteps(before.steps, event), started: before.started ?? event.time }
  switch (event.type) {
    case 'log': {
      const before = state.logs.get(event.step) ?? []
      // An unfinished line goes on: a progress bar goes back to its beginning.
      const [first = '', ...others] = event.text.split(/\r?\n/)
      const lines = [...before.slice(0, -1), `${before.at(-1) ?? ''}${first}`.slice(-LONG_LINE), ...others]
      const kept = lines.slice(lines.at(-1) === '' ? -logLines - 1 : -logLines)
      return { ...state, logs: new Map(state.logs).set(event.step, kept) }
    }
    case 'completed': {
      if (event.error !== undefined) return state
      const logs = new Map(state.logs)
      logs.delete(event.step)
      return { ...state, logs }
    }
    case 'warning':
      return { ...state, warnings: [...state.warnings, event.text] }
    default:
      return state
  }
}

function draw(state: TtyState, view: View): string[] {
  const paint = painter(view.color)
  const steps = [...state.steps.values()]
  // One column stays free, because some terminals wrap a line that fills the last column.
  const width = Math.max(20, Math.min(view.width - 1, WIDEST))
  const lines = (row: Row): string[] => drawRow(row, state, { ...view, width }, paint)
  if (view.finished) {
    const reports = state.warnings.flatMap((text) => ['', ...drawReport(text, paint)])
    return [...fitSteps(steps, undefined).flatMap(lines), ...reports]
  }
  const title = drawTitle(steps, state.started ?? view.now, { ...view, width }, paint)
  // The title, and one row for the cursor below.
  const room = Math.max(1, view.height - 2)
  return [title, ...fitSteps(steps, room).flatMap(lines).slice(0, room)]
}

function drawTitle(steps: readonly Step[], started: number, view: View, paint: Paint): string {
  const ended = steps.filter((step) => step.ended !== undefined).length
  const left = steps.length === 0 ? 'building' : `building ${ended}/${steps.length}`
  const right = formatDuration(view.now - started)
  return paint('bold', left) + ' '.repeat(Math.max(1, view.width - left.length - right.length)) + paint('dim', right)
}

function drawRow(row: Row, state: TtyState, view: View, paint: Paint): string[] {
  const icons = view.unicode ? UNICODE_ICONS : ASCII_ICONS
  if (row.kind === 'ended') {
    const cached = row.cached === row.steps ? ', all cached' : row.cached > 0 ? `, ${row.cached} cached` : ''
    const text = truncate(`${count(row.steps, 'step')} done${cached}`, view.width - 3, icons.ellipsis)
    return [` ${paint('green', icons.done)} ${paint('dim', text)}`]
  }
  if (row.kind === 'waiting') {
    const what = view.finished ? `${count(row.steps, 'step')} not run` : count(row.steps, 'more step')
    return [paint('dim', truncate(` ${icons.waiting} ${what}`, view.width, icons.ellipsis))]
  }
  const { step } = row
  const shown = step.status === 'running' || step.status === 'failed'
  const lines = shown ? (state.logs.get(step.id) ?? []) : []
  const tail = lines.at(-1) === '' ? lines.slice(0, -1) : lines
  const marker = view.unicode ? '│' : '|'
  return [
    drawStep(step, view, paint),
    ...tail.map((line) => {
      const text = outputLine(line, { color: view.color, width: view.width - 5, ellipsis: icons.ellipsis })
      return `${paint('dim', `   ${marker}`)} ${text.includes('\x1b') ? text : paint('dim', text)}`
    }),
  ]
}

function drawStep(step: Step, view: View, paint: Paint): string {
  const icons = view.unicode ? UNICODE_ICONS : ASCII_ICONS
  const spinner = icons.spinner[Math.floor(view.now / 100) % icons.spinner.length] ?? ''
  const looks = {
    waiting: { icon: paint('dim', icons.waiting), right: '' },
    running: { icon: paint('cyan', spinner), right: joinWords(amountText(step), elapsed(step, view.now)) },
    cached: { icon: paint('green', icons.done), right: 'CACHED' },
    done: { icon: paint('green', icons.done), right: elapsed(step, view.now) },
    cancelled: { icon: paint('yellow', icons.failed), right: 'CANCELED' },
    failed: { icon: paint(['bold', 'red'], icons.failed), right: joinWords('ERROR', elapsed(step, view.now)) },
  }
  const { icon, right } = looks[step.status]
  const name = truncate(printable(step.name), view.width - 4 - textWidth(right), icons.ellipsis)
  const space = ' '.repeat(Math.max(1, view.width - 3 - textWidth(name) - textWidth(right)))
  const rightStyle = step.status === 'cached' ? 'blue' : step.status === 'failed' ? 'red' : 'dim'
  const shown = step.status === 'waiting' ? paint('dim', name) : name
  return ` ${icon} ${shown}${right === '' ? '' : space + paint(rightStyle, right)}`
}

const elapsed = (step: Step, now: number): string =>
  step.started === undefined ? '' : formatDuration((step.ended ?? now) - step.started)

const joinWords = (...words: readonly string[]): string => words.filter((word) => word !== '').join('  ')

const drawReport = (text: string, paint: Paint): string[] =>
  colorReport(text.split('\n').map(printable).join('\n'), paint).split('\n')

const UNICODE_ICONS = { done: '✔', failed: '✖', waiting: '·', ellipsis: '…', spinner: [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'] }
const ASCII_ICONS = { done: '+', failed: 'x', waiting: '.', ellipsis: '...', spinner: [...'|/-\\'] }
