import { painter } from './paint.ts'
import { textWidth } from './text-width.ts'

/** Lines of a table: a header and left-aligned columns, two spaces apart. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly color: boolean },
): string[] {
  const paint = painter(options.color)
  const widths = header.map((title, i) => Math.max(...[title, ...rows.map((row) => row[i] ?? '')].map(textWidth)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - textWidth(cell))))
      .join('  ')
      .trimEnd()
  return [paint('bold', line(header)), ...rows.map(line)]
}
