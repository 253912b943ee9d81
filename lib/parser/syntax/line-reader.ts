/** Reads a text line by line. After {@link nextLine}, `[start, end)` is the line without its line ending. */
export interface LineReader {
  readonly text: string
  start: number
  end: number
  /** The offset of the next line. */
  next: number
  /** The number of the current line, from 1. */
  number: number
}

export function createLineReader(text: string): LineReader {
  return { text, start: 0, end: 0, next: 0, number: 0 }
}

/** Moves on to the next line; false at the end of the text. */
export function nextLine(reader: LineReader): boolean {
  const { text } = reader
  if (reader.next >= text.length) return false
  reader.start = reader.next
  const feed = text.indexOf('\n', reader.start)
  reader.next = feed === -1 ? text.length : feed + 1
  reader.end = reader.next
  while (reader.end > reader.start && isLineEnding(text.charCodeAt(reader.end - 1))) reader.end--
  reader.number++
  return true
}

const isLineEnding = (code: number): boolean => code === 0x0a || code === 0x0d
