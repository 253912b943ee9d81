/** Turns output that comes in pieces into whole lines. What is not yet a line is told after a moment: it may be a prompt. */
export interface LineWriter {
  write(chunk: Uint8Array): void
  /** Tells what is left. */
  end(): void
}

const MOMENT = 150
const LONGEST = 16 * 1024

export function createLineWriter(tell: (text: string) => void): LineWriter {
  const decoder = new TextDecoder()
  let rest = ''
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (rest !== '') tell(rest)
    rest = ''
  }
  return {
    write: (chunk) => {
      const text = rest + decoder.decode(chunk, { stream: true })
      const end = text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      if (end > 0) tell(text.slice(0, end))
      if (rest.length > LONGEST) flush()
      else if (rest !== '') timer ??= setTimeout(flush, MOMENT)
    },
    end: () => {
      rest += decoder.decode()
      flush()
    },
  }
}
