// The width of text in a terminal, in columns, and text cut to a width.

/** The columns of a text that has no escape sequences. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += characterWidth(character.codePointAt(0) ?? 0)
  return width
}

/** The text cut to at most `width` columns; a text that was cut ends in an ellipsis. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  if (textWidth(text) <= width) return text
  const room = width - textWidth(ellipsis)
  if (room < 0) return ''
  let out = ''
  let used = 0
  for (const character of text) {
    used += characterWidth(character.codePointAt(0) ?? 0)
    if (used > room) break
    out += character
  }
  return out.trimEnd() + ellipsis
}

/**
 * The text with control characters made visible, so that it cannot move the cursor, change colours or hide
 * anything.
 */
export function printable(text: string): string {
  return text
    .replaceAll('\t', '    ')
    .replace(/[\0-\x1f\x7f]/g, (c) => (c === '\x7f' ? '␡' : String.fromCharCode(0x2400 + c.charCodeAt(0))))
    .replace(/[\x80-\x9f\u202a-\u202e\u2066-\u2069]/g, '�')
}

/**
 * The columns of a character: an approximation of Unicode 16 East Asian Width (W and F are wide). Combining marks and
 * joiners have no width.
 */
export function characterWidth(code: number): number {
  if (code < 0x300) return 1
  if (code <= 0x36f || (code >= 0x200b && code <= 0x200d) || (code >= 0xfe00 && code <= 0xfe0f)) return 0
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  return wide ? 2 : 1
}
