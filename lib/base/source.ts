// Text with a name, and positions in it. Pure: part of the parser's browser build.

/** A named text that spans point into. `name` is what messages print, e.g. `Dockerfile`. */
export interface SourceFile {
  readonly name: string
  readonly text: string
}

/** A half-open range of UTF-16 offsets into a {@link SourceFile}'s text. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A span together with the file it points into. */
export interface Location {
  readonly file: SourceFile
  readonly span: Span
}

/** A line and a column, both counted from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/**
 * The position of an offset in a text. `\n`, `\r\n` and a lone `\r` at the end of text end a line.
 *
 * @example
 * ```ts
 * import { positionAt } from '@tsbuild/tsbuild'
 *
 * const { line, column } = positionAt('FROM scratch\nCOPY . /\n', 18)
 * console.log(line, column) // 2 6
 * ```
 */
export function positionAt(text: string, offset: number): Position {
  const end = Math.max(0, Math.min(offset, text.length))
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return { line, column: end - lineStart + 1 }
}

/** `name:line:column` of a location's start, in the format that terminals and editors link. */
export function formatLocation(location: Location): string {
  const { line, column } = positionAt(location.file.text, location.span.start)
  return `${location.file.name}:${line}:${column}`
}
