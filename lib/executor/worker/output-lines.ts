// A command's output arrives in chunks; progress and logs want lines.

export interface LineSplitter {
  write(chunk: Uint8Array): void
  /** Says that no output is read until the promise settles, so that an unfinished line is no prompt. */
  pause(until: Promise<void>): void
  /** Emits the unfinished rest. */
  end(): void
}

/** Milliseconds until an unfinished line is emitted: it may be a prompt. */
const PROMPT_DELAY = 150

/** Characters from which on an unfinished line is emitted at once. */
const LONG_LINE = 16 * 1024

/**
 * Calls `emit` with one or more whole lines, newlines included; with an unfinished line after a moment, when it gets
 * long, and at the end.
 */
export function createLineSplitter(emit: (text: string) => void): LineSplitter {
  const decoder = new TextDecoder()
  let rest = ''
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (rest !== '') emit(rest)
    rest = ''
  }
  const waitForEnd = (): void => {
    if (rest !== '') timer ??= setTimeout(flush, PROMPT_DELAY)
  }
  return {
    write: (chunk) => {
      const text = rest + decoder.decode(chunk, { stream: true })
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      if (end > 0) emit(text.slice(0, end))
      if (rest.length > LONG_LINE) flush()
      else waitForEnd()
    },
    pause: (until) => {
      clearTimeout(timer)
      timer = undefined
      void until.then(waitForEnd)
    },
    end: () => {
      rest += decoder.decode()
      flush()
    },
  }
}
