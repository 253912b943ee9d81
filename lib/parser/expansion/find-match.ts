import { ExpansionFailure } from './expansion-failure.ts'
import type { PatternStep } from './pattern.ts'

export interface MatchOptions {
  /** Only a match that starts at `from` counts. */
  readonly anchored: boolean
  /** The longest match of the leftmost, else the shortest. */
  readonly greedy: boolean
}

export interface Match {
  readonly start: number
  readonly end: number
}

/**
 * Finds the leftmost match of a pattern in a text (a character an element). Follows all partial matches side by side, so
 * time grows with the product of the lengths and never faster.
 */
export function findMatch(
  steps: readonly PatternStep[],
  text: readonly string[],
  from: number,
  { anchored, greedy }: MatchOptions,
): Match | undefined {
  if (steps.length * (text.length - from) > MOST_WORK) {
    throw new ExpansionFailure(`a pattern of ${steps.length} characters is too long for a value of ${text.length}`)
  }
  let threads = createThreads(steps.length)
  let next = createThreads(steps.length)
  let best: Match | undefined
  for (let at = from; at <= text.length; at++) {
    if (!best && (at === from || !anchored)) addThread(steps, threads, 0, at)
    const accepted = threads.starts[steps.length] ?? NONE
    if (accepted !== NONE && (!best || accepted < best.start || (greedy && accepted === best.start))) {
      best = { start: accepted, end: at }
    }
    const character = text[at]
    if (character === undefined) break
    advance(steps, threads, next, character, best, greedy)
    clear(threads)
    const empty = threads
    threads = next
    next = empty
    if (threads.steps.length === 0 && (best || anchored)) break
  }
  return best
}

/** The partial matches: each stands before a step of the pattern, and of those at the same step only the leftmost counts. */
interface Threads {
  readonly steps: number[]
  /** For each step where its partial match starts, or {@link NONE}. */
  readonly starts: Int32Array
}

const NONE = -1

/** Far beyond any real pattern and value, and less than a second or two of work. */
const MOST_WORK = 50_000_000

const createThreads = (length: number): Threads => ({ steps: [], starts: new Int32Array(length + 1).fill(NONE) })

function clear({ steps, starts }: Threads): void {
  for (const step of steps) starts[step] = NONE
  steps.length = 0
}

function addThread(steps: readonly PatternStep[], threads: Threads, step: number, start: number): void {
  const other = threads.starts[step] ?? NONE
  if (other !== NONE && other <= start) return
  if (other === NONE) threads.steps.push(step)
  threads.starts[step] = start
  // `*` matches nothing, too.
  if (steps[step] === 'many') addThread(steps, threads, step + 1, start)
}

/** Takes one more character: what still matches and could become better than `best` goes to `next`. */
function advance(
  steps: readonly PatternStep[],
  threads: Threads,
  next: Threads,
  character: string,
  best: Match | undefined,
  greedy: boolean,
): void {
  for (const at of threads.steps) {
    const step = steps[at]
    const start = threads.starts[at] ?? NONE
    if (step === undefined || (best && (greedy ? start > best.start : start >= best.start))) continue
    if (typeof step === 'object' ? step.character !== character : character === '\n') continue
    addThread(steps, next, step === 'many' ? at : at + 1, start)
  }
}
