import { ExpansionFailure } from './expansion-failure.ts'
import type { PatternStep } from './pattern.ts'

export interface MatchOptions {
  /** Whether the match must start at `from`. */
  readonly anchored: boolean
  /** Whether to return the longest of the leftmost matches, instead of the shortest. */
  readonly greedy: boolean
}

export interface Match {
  readonly start: number
  readonly end: number
}

/**
 * Finds the leftmost match of a pattern in a text, which is an array of characters. All partial matches are
 * followed at the same time, so the time is at most proportional to the product of the lengths.
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
    advance({ steps, threads, next, character, best, greedy })
    clear(threads)
    const empty = threads
    threads = next
    next = empty
    if (threads.steps.length === 0 && (best || anchored)) break
  }
  return best
}

/**
 * The partial matches. Each is before a step of the pattern; of several before the same step, only the leftmost
 * is kept.
 */
interface Threads {
  readonly steps: number[]
  /** For each step, the start of its partial match, or {@link NONE}. */
  readonly starts: Int32Array
}

const NONE = -1

/** The largest product of lengths: far more than real patterns and values have, and at most a second or two of work. */
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
  // `*` also matches the empty text.
  if (steps[step] === 'many') addThread(steps, threads, step + 1, start)
}

interface Advance {
  readonly steps: readonly PatternStep[]
  readonly threads: Threads
  readonly next: Threads
  readonly character: string
  readonly best: Match | undefined
  readonly greedy: boolean
}

/** Consumes one character: partial matches that still match, and can become better than `best`, go to `next`. */
function advance({ steps, threads, next, character, best, greedy }: Advance): void {
  for (const at of threads.steps) {
    const step = steps[at]
    const start = threads.starts[at] ?? NONE
    if (step === undefined || (best && (greedy ? start > best.start : start >= best.start))) continue
    if (typeof step === 'object' ? step.character !== character : character === '\n') continue
    addThread(steps, next, step === 'many' ? at : at + 1, start)
  }
}
