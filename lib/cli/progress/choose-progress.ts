import type { Screen } from '../terminal/terminal.ts'
import { plainProgress } from './plain.ts'
import { rawJsonProgress } from './raw-json.ts'
import { type ProgressDisplay, showProgress } from './show-progress.ts'
import { ttyProgress } from './tty.ts'

export type ProgressKind = 'plain' | 'tty' | 'rawjson' | 'quiet' | 'none'

/** Resolves `--progress=auto`: `tty` in a terminal, else `plain`. */
export function chooseProgress(
  asked: string,
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
): ProgressKind {
  if (asked !== 'auto') return asked as ProgressKind
  const watched = screen.isTTY && env['TERM'] !== 'dumb' && (env['CI'] ?? '') === ''
  return watched ? 'tty' : 'plain'
}

/** Opens the display. `env` may have the number of log lines that a terminal shows of each step. */
export function openProgress(
  kind: ProgressKind,
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
): ProgressDisplay {
  switch (kind) {
    case 'plain':
      return showProgress(plainProgress, screen)
    case 'tty':
      return showProgress(ttyProgress(logLines(env)), screen)
    case 'rawjson':
      // The output has lines of JSON only.
      return { ...showProgress(rawJsonProgress, screen), note: () => {}, finish: () => {} }
    case 'quiet':
    case 'none':
      return { onEvent: () => {}, caughtUp: () => undefined, note: () => {}, finish: () => {} }
  }
}

/** As in BuildKit, a value that is not a number above 0 counts as none. */
function logLines(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env['BUILDKIT_TTY_LOG_LINES'] ?? ''
  return /^\+?0*[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined
}
