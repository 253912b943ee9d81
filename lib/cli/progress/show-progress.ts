import type { BuildEvent } from '../../index.ts'
import type { Screen } from '../terminal/terminal.ts'
import { textWidth } from '../terminal/text-width.ts'
import type { Renderer, View } from './renderer.ts'

export interface ProgressDisplay {
  onEvent(event: BuildEvent): void
  /** As of the screen. */
  caughtUp(): Promise<void> | undefined
  /** Shows a note about the whole build until it ends. */
  note(text: string): void
  /** Draws the final display with an empty line below it, and restores the screen. Idempotent. */
  finish(): void
}

const REDRAW_INTERVAL = 80

/** Connects a renderer to a screen. */
export function showProgress<State>(renderer: Renderer<State>, screen: Screen): ProgressDisplay {
  return renderer.mode === 'append' ? append(renderer, screen) : live(renderer, screen)
}

function viewOf(screen: Screen, { finished }: Pick<View, 'finished'>): View {
  return { ...screen.size(), now: Date.now(), color: screen.color, unicode: screen.unicode, finished }
}

function append<State>(renderer: Renderer<State>, screen: Screen): ProgressDisplay {
  let state = renderer.initial
  let open = false
  return {
    onEvent: (event) => {
      // A reader that is behind does not need progress of then.
      if (event.type === 'progress' && screen.caughtUp()) return
      state = renderer.reduce(state, event)
      const lines = renderer.draw(state, viewOf(screen, { finished: false }))
      if (lines.length === 0) return
      screen.write(`${lines.join('\n')}\n`)
      open = true
    },
    caughtUp: screen.caughtUp,
    note: (text) => screen.write(`${text}\n`),
    finish: () => {
      if (open) screen.write('\n')
      open = false
    },
  }
}

function live<State>(renderer: Renderer<State>, screen: Screen): ProgressDisplay {
  let state = renderer.initial
  let drawn: readonly string[] = []
  let finished = false
  let remark: string | undefined
  let drawnAt = 0

  const redraw = (): void => {
    if (screen.caughtUp() && !finished) return
    const view = viewOf(screen, { finished })
    const lines = [...renderer.draw(state, view), ...(remark === undefined || finished ? [] : [remark])]
    screen.write(`${eraseLines(drawn, view.width)}${lines.map((line) => `${line}\n`).join('')}`)
    drawn = lines
    drawnAt = view.now
  }
  const showCursor = (): void => screen.write('\x1b[?25h')
  screen.write('\x1b[?25l')
  process.once('exit', showCursor)
  const timer = setInterval(redraw, REDRAW_INTERVAL)
  timer.unref()
  const stopListening = screen.onResize(redraw)

  return {
    onEvent: (event) => {
      state = renderer.reduce(state, event)
      // A step that never yields to the timer is drawn here.
      if (Date.now() - drawnAt >= REDRAW_INTERVAL) redraw()
    },
    caughtUp: screen.caughtUp,
    note: (text) => {
      remark = text
      redraw()
    },
    finish: () => {
      if (finished) return
      finished = true
      clearInterval(timer)
      stopListening()
      redraw()
      if (drawn.length > 0) screen.write('\n')
      process.off('exit', showCursor)
      showCursor()
    },
  }
}

/** Moves up over the drawn lines and clears them. A window that has become narrower wraps them. */
function eraseLines(lines: readonly string[], width: number): string {
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(withoutStyle(line)) / width)), 0)
  return rows === 0 ? '' : `\x1b[${rows}A\r\x1b[J`
}

const withoutStyle = (line: string): string => line.replace(/\x1b\[[0-9;]*m/g, '')
