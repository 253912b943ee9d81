// A line of a command's output, as a terminal would show it in the end, and without what could harm ours.
import { characterWidth, printable } from './text-width.ts'

export interface LineView {
  /** Whether colours of the command are kept. */
  readonly color: boolean
  /** The most columns; default no limit. A line that was cut ends in the ellipsis. */
  readonly width?: number
  readonly ellipsis?: string
}

interface Cell {
  readonly text: string
  /** The parameters of the SGR sequences in force, e.g. `1;31`. */
  readonly style: string
}

/** The columns that a line may reach by moving the cursor: a command can ask for any. */
const MOST_COLUMNS = 4096

/**
 * Sequences: CSI (the cursor, colours, erasing), strings that end in BEL or ST (titles, links, the clipboard), and the
 * shorter ones. An unfinished sequence at the end is one, too (ECMA-48 5.4, 8.3).
 */
const SEQUENCE = /\x1b\[([0-?]*)[ -/]*([@-~]?)|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|\x1b|$)|\x1b[ -/]*[0-~]?/y

/**
 * The text of one line after all its sequences: `\r`, `\b` and the cursor move within the line, erasing erases, and
 * colours are kept or left out. Everything else that a terminal obeys has no effect: titles, links, the clipboard,
 * other lines, hidden text.
 */
export function outputLine(
  text: string,
  { color, width = Number.POSITIVE_INFINITY, ellipsis = '…' }: LineView,
): string {
  const cells: Cell[] = []
  let column = 0
  let style = ''
  const put = (character: string): void => {
    while (cells.length < column) cells.push({ text: ' ', style: '' })
    cells[column++] = { text: character, style }
  }
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at)
    if (code === 0x1b) {
      SEQUENCE.lastIndex = at
      const [sequence = '\x1b', parameters = '', final = ''] = SEQUENCE.exec(text) ?? []
      at += Math.max(1, sequence.length)
      if (final === 'm') style = nextStyle(style, parameters)
      else if (final === 'K') erase(cells, column, parameters)
      else column = moved(column, final, parameters)
      continue
    }
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
    at += character.length
    if (character === '\r') column = 0
    else if (character === '\b') column = Math.max(0, column - 1)
    else if (character === '\t') for (let stop = column + 4; column < stop; ) put(' ')
    else if (characterWidth(code) === 0 && column > 0 && cells[column - 1]) join(cells, column - 1, character)
    else put(printable(character))
  }
  return draw(cells, color, width, ellipsis)
}

/** A combining mark belongs to the character before it. */
function join(cells: Cell[], at: number, mark: string): void {
  const cell = cells[at]
  if (cell) cells[at] = { ...cell, text: cell.text + mark }
}

function erase(cells: Cell[], column: number, parameters: string): void {
  const end = parameters === '1' ? column + 1 : cells.length
  const start = parameters === '1' || parameters === '2' ? 0 : column
  if (end >= cells.length) cells.length = Math.min(cells.length, start)
  else cells.fill({ text: ' ', style: '' }, start, end)
}

/** The column after a movement in the line; movements to other lines have no effect. */
function moved(column: number, final: string, parameters: string): number {
  const count = Math.max(1, Number.parseInt(parameters, 10) || 1)
  const target = final === 'G' ? count - 1 : final === 'C' ? column + count : final === 'D' ? column - count : column
  return Math.min(Math.max(0, target), MOST_COLUMNS)
}

/** The colours and emphasis in force after an SGR sequence. Blinking and hidden text are left out. */
function nextStyle(before: string, parameters: string): string {
  if (!/^[\d;:]*$/.test(parameters)) return before
  const codes = parameters.split(';').map((code) => code.replace(/^0+(?=\d)/, '') || '0')
  const kept = before === '' ? [] : before.split(';')
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? '0'
    if (code === '0') kept.length = 0
    else if ((code === '38' || code === '48') && codes[at + 1] === '5') kept.push(...codes.slice(at, (at += 2) + 1))
    else if ((code === '38' || code === '48') && codes[at + 1] === '2') kept.push(...codes.slice(at, (at += 4) + 1))
    else if (/^(?:[1-479]|2[1-47-9]|[39][0-79]|4[0-79]|10[0-7])$/.test(code)) kept.push(code)
  }
  // A command that never resets its colours would make each line longer than the one before.
  return kept.slice(-MOST_CODES).join(';')
}

const MOST_CODES = 16

function draw(cells: readonly Cell[], color: boolean, width: number, ellipsis: string): string {
  const widths = cells.map(({ text }) => Math.max(1, characterWidth(text.codePointAt(0) ?? 0)))
  const total = widths.reduce((sum, one) => sum + one, 0)
  const room = total <= width ? width : width - ellipsis.length
  let line = ''
  let used = 0
  let style = ''
  for (const [at, cell] of cells.entries()) {
    used += widths[at] ?? 1
    if (used > room) break
    if (color && cell.style !== style) line += style === '' ? sgr(cell.style) : `\x1b[0m${sgr(cell.style)}`
    if (color) style = cell.style
    line += cell.text
  }
  if (style !== '') line += '\x1b[0m'
  return total <= width ? line : line.trimEnd() + ellipsis
}

const sgr = (style: string): string => (style === '' ? '' : `\x1b[${style}m`)
