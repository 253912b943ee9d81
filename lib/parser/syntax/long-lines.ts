import type { Report } from './syntax-node.ts'

/** BuildKit's limit, in bytes of UTF-8 without the line feed. */
const LONGEST_LINE = 65_535

/** Reports lines that are too long for BuildKit. */
export function reportLongLines(text: string, report: Report): void {
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start)
    const end = feed === -1 ? text.length : feed
    if (end - start > LONGEST_LINE / 3 && byteLength(text, start, end) > LONGEST_LINE) {
      const hint = 'split it with line continuations, or move its content to a file'
      report('DOCKERFILE_SYNTAX', `a line is longer than ${LONGEST_LINE} bytes`, { start, end }, hint)
    }
    start = end + 1
  }
}

function byteLength(text: string, from: number, to: number): number {
  let bytes = 0
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    // A surrogate pair is four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3
  }
  return bytes
}
