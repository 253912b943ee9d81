import type { PatternStep } from './pattern.ts'

export interface MatchOptions {
  /** Only a match that starts at `from` counts. */
  readonly anchored: boolean
  /** The longest match of the leftmost, else the shortest. */
  readonly greedy: boolean
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
): { readonly start: number; readonly end: number } | undefined {
  // For each step, the leftmost start of a partial match that has come to it; Infinity when there is none.
  let threads = new Array<number>(steps.length + 1).fill(Number.POSITIVE_INFINITY)
  let best: { start: number; end: number } | undefined
  for (let at = from; at <= text.length; at++) {
    if (!best && (at === from || !anchored)) threads[0] = Math.min(threads[0] ?? at, at)
    passStars(steps, threads)
    const accepted = threads[steps.length] ?? Number.POSITIVE_INFINITY
    if (accepted <= (best?.start ?? text.length) && !(best && best.start === accepted && !greedy)) {
      best = { start: accepted, end: at }
    }
    const character = text[at]
    if (character === undefined) break
    const next = advance(steps, threads, character, best, greedy)
    if (!next && (best || anchored)) break
    threads = next ?? new Array<number>(steps.length + 1).fill(Number.POSITIVE_INFINITY)
  }
  return best
}

/** `many` matches nothing, too: what has come to it has also come to the step behind it. */
function passStars(steps: readonly PatternStep[], threads: number[]): void {
  for (let i = 0; i < steps.length; i++) {
    if (steps[i] === 'many') threads[i + 1] = Math.min(threads[i + 1] ?? 0, threads[i] ?? 0)
  }
}

/** The partial matches after one more character; undefined when none is left that could still become the result. */
function advance(
  steps: readonly PatternStep[],
  threads: readonly number[],
  character: string,
  best: { readonly start: number } | undefined,
  greedy: boolean,
): number[] | undefined {
  const next = new Array<number>(steps.length + 1).fill(Number.POSITIVE_INFINITY)
  let alive = false
  for (let i = 0; i < steps.length; i++) {
    const start = threads[i] ?? Number.POSITIVE_INFINITY
    if (start === Number.POSITIVE_INFINITY || (best && (greedy ? start > best.start : start >= best.start))) continue
    const step = steps[i]
    if (typeof step === 'object' ? step.character !== character : character === '\n') continue
    const to = step === 'many' ? i : i + 1
    next[to] = Math.min(next[to] ?? start, start)
    alive = true
  }
  return alive ? next : undefined
}
