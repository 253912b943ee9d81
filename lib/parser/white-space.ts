// White space as Go, and so BuildKit, defines it. JavaScript's `\s` has characters that Go lacks, and the other
// way round.

/** Unicode's White_Space property (Go's `unicode.IsSpace`). */
export function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}

/** The characters that separate the words of an instruction: `[\t\v\f\r ]`. */
export function isSeparator(code: number): boolean {
  return code === 0x20 || code === 0x09 || (code >= 0x0b && code <= 0x0d)
}

/** White space in ASCII. */
export function isAsciiSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** `\s` of Go's regular expressions: `[\t\n\f\r ]`. */
export function isRegexpSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b)
}

/** The first offset in `[from, to)` that is not white space, else `to`. */
export function skipSpace(text: string, from: number, to: number, test: (code: number) => boolean = isSpace): number {
  while (from < to && test(text.charCodeAt(from))) from++
  return from
}

/** The end of `[from, to)` without its trailing white space. */
export function trimEnd(text: string, from: number, to: number, test: (code: number) => boolean = isSpace): number {
  while (to > from && test(text.charCodeAt(to - 1))) to--
  return to
}

/** The first offset in `[from, to)` that is white space, else `to`. */
export function skipWord(text: string, from: number, to: number, test: (code: number) => boolean): number {
  while (from < to && !test(text.charCodeAt(from))) from++
  return from
}

/** The text without the white space around it. */
export function trimSpace(text: string): string {
  const from = skipSpace(text, 0, text.length)
  return text.slice(from, trimEnd(text, from, text.length))
}
