import { type CommandSpec, commonFlags, type FlagSpec } from './command.ts'
import { commands } from './commands.ts'
import { painter } from './paint.ts'
import { wrapText } from './wrap-text.ts'

export interface HelpView {
  readonly width: number
  readonly color: boolean
}

type Row = readonly [left: string, right: string]

/** `tsbuild --help`: every command, and what a newcomer types first. */
export function generalHelp(view: HelpView): string {
  const build = commands[0]
  return render(view, [
    { lines: ['Builds container images from a Dockerfile with nothing but Node.js: no daemon, no root, no Docker.'] },
    { title: 'Usage', lines: ['  tsbuild [OPTIONS] PATH', '  tsbuild COMMAND [OPTIONS] …'] },
    { title: 'Commands', rows: commands.map((command) => [command.name, command.summary]) },
    { title: 'Examples', rows: build.examples.slice(0, 3).map((example) => [example.command, example.does]) },
    { title: 'Exit codes', rows: exitRows },
    { lines: ['`tsbuild help COMMAND` explains a command; `tsbuild help build` has every option of a build.'] },
  ])
}

/** `tsbuild COMMAND --help`. */
export function commandHelp(command: CommandSpec, view: HelpView): string {
  const flags = [...command.flags, ...commonFlags]
  const groups = [...new Set(flags.map(groupOf))]
  return render(view, [
    { lines: [`${command.summary}.`] },
    { title: 'Usage', lines: [`  tsbuild ${command.usage}`] },
    ...(command.description ?? []).map((text) => ({ lines: [text] })),
    ...groups.map((group) => ({
      title: group,
      rows: flags.filter((flag) => groupOf(flag) === group).map((flag): Row => [flagLabel(flag), flag.summary]),
    })),
    { title: 'Examples', rows: command.examples.map((example) => [example.command, example.does]) },
    ...(command.name === 'build' ? [{ title: 'Exit codes', rows: exitRows }] : []),
  ])
}

const exitRows: readonly Row[] = [
  ['0', 'done'],
  ['1', 'the build or the command failed'],
  ['2', 'the command line is wrong'],
  ['70', 'a bug in tsbuild'],
  ['130, 143', 'interrupted by Ctrl-C, by SIGTERM'],
]

const groupOf = (flag: FlagSpec): string => flag.group ?? 'Options'

function flagLabel(flag: FlagSpec): string {
  const short = flag.short ? `-${flag.short}, ` : '    '
  return `${short}--${flag.name}${flag.placeholder ? ` ${flag.placeholder}` : ''}`
}

interface Section {
  readonly title?: string
  readonly lines?: readonly string[]
  readonly rows?: readonly Row[]
}

function render(view: HelpView, sections: readonly Section[]): string {
  const paint = painter(view.color)
  const width = Math.max(50, Math.min(view.width, 100))
  const blocks = sections.map(({ title, lines = [], rows = [] }) => [
    ...(title ? [paint('bold', title)] : []),
    ...lines.flatMap((line) => wrapText(line, width)),
    ...layOut(rows, width).map(([left, right]) => `  ${paint('cyan', left)}${right}`.trimEnd()),
  ])
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

/** Narrower than this, what a row says is below its name rather than beside it. */
const narrow = 72

/** Two columns; where the left is too long for its column, the right starts on the next line. */
function layOut(rows: readonly Row[], width: number): Row[] {
  const widest = Math.max(0, ...rows.map(([left]) => left.length))
  const column = width < narrow ? 6 : Math.min(widest, Math.floor(width * 0.42)) + 2
  const gap = ' '.repeat(column)
  return rows.flatMap(([left, right]) => {
    const [first = '', ...rest] = wrapText(right, width - column - 2)
    const fits = left.length + 2 <= column
    const head: Row[] = fits
      ? [[left, ' '.repeat(column - left.length) + first]]
      : [
          [left, ''],
          ['', gap + first],
        ]
    return [...head, ...rest.map((line): Row => ['', gap + line])]
  })
}
