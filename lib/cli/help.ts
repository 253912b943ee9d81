import { commands } from './command-list.ts'
import { COMMON_FLAGS, type CommandSpec, type FlagSpec } from './command-spec.ts'
import { painter } from './terminal/paint.ts'
import { wrapText } from './terminal/wrap-text.ts'

export interface HelpView {
  readonly width: number
  readonly color: boolean
}

type Row = readonly [left: string, right: string]

/** `tsbuild --help`: all commands, and the first examples. */
export function generalHelp(view: HelpView): string {
  const build = commands[0]
  return render(view, [
    { lines: ['Builds container images from a Dockerfile with nothing but Node.js: no daemon, no root, no Docker.'] },
    {
      title: 'Usage',
      rows: [
        ['tsbuild [OPTIONS] PATH', 'build an image'],
        ['tsbuild COMMAND [OPTIONS] ...', 'run another command'],
      ],
    },
    { title: 'Commands', rows: commands.map((command) => [command.name, command.summary]) },
    { title: 'Examples', examples: build.examples.slice(0, 3) },
    { title: 'Exit codes', rows: EXIT_ROWS },
    { lines: ['Run `tsbuild help COMMAND` for the options of a command, for example `tsbuild help build`.'] },
  ])
}

/** `tsbuild GROUP --help`: the commands that start with the same word. */
export function groupHelp(members: readonly CommandSpec[], view: HelpView): string {
  return render(view, [
    { title: 'Commands', rows: members.map((command) => [command.name, command.summary]) },
    { title: 'Examples', examples: members.flatMap(({ examples }) => examples.slice(0, 1)) },
    { lines: ['Run `tsbuild help COMMAND` for the options of a command.'] },
  ])
}

/** `tsbuild COMMAND --help`. */
export function commandHelp(command: CommandSpec, view: HelpView): string {
  const flags = [...command.flags, ...COMMON_FLAGS]
  const groups = [...new Set(flags.map(groupOf))]
  const align = flags.map(flagRow)
  return render(view, [
    { lines: [`${command.summary}.`] },
    { title: 'Usage', rows: [[`tsbuild ${command.usage}`, '']] },
    ...(command.description ?? []).map((text) => ({ lines: [text] })),
    ...groups.map((group) => ({
      title: group,
      rows: flags.filter((flag) => groupOf(flag) === group).map(flagRow),
      align,
    })),
    { title: 'Examples', examples: command.examples },
    ...(command.name === 'build' ? [{ title: 'Exit codes', rows: EXIT_ROWS }] : []),
  ])
}

const EXIT_ROWS: readonly Row[] = [
  ['0', 'success'],
  ['1', 'the build or the command failed'],
  ['2', 'the command line is wrong'],
  ['70', 'a bug in tsbuild'],
  ['130, 143', 'interrupted by Ctrl-C or by SIGTERM'],
]

const groupOf = (flag: FlagSpec): string => flag.group ?? 'Options'

function flagRow(flag: FlagSpec): Row {
  const short = flag.short ? `-${flag.short}, ` : '    '
  return [`${short}--${flag.name}${flag.placeholder ? ` ${flag.placeholder}` : ''}`, flag.summary]
}

interface Section {
  readonly title?: string
  readonly lines?: readonly string[]
  readonly rows?: readonly Row[]
  /** All rows whose columns are aligned with these; default only these. */
  readonly align?: readonly Row[]
  readonly examples?: CommandSpec['examples']
}

function render(view: HelpView, sections: readonly Section[]): string {
  const paint = painter(view.color)
  const width = Math.max(50, Math.min(view.width, 100))
  const blocks = sections.map(({ title, lines = [], rows = [], align = rows, examples = [] }) => [
    ...(title ? [paint('bold', title)] : []),
    ...lines.flatMap((line) => wrapText(line, width)),
    ...layOut(rows, columnOf(align, width), width).map(([left, right]) => `  ${paint('cyan', left)}${right}`.trimEnd()),
    ...examples.flatMap(({ command, does }) => [paint('dim', `  # ${does}`), paint('cyan', `  ${command}`)]),
  ])
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

/** In a narrower terminal, the text of a row is below its name instead of beside it. */
const NARROW = 72

function columnOf(rows: readonly Row[], width: number): number {
  const widest = Math.max(0, ...rows.map(([left]) => left.length))
  return width < NARROW ? 6 : Math.min(widest, Math.floor(width * 0.42)) + 2
}

/** Two columns, the second at `column`. If the left text is too long, the right text starts on the next line. */
function layOut(rows: readonly Row[], column: number, width: number): Row[] {
  const gap = ' '.repeat(column)
  return rows.flatMap(([left, right]) => {
    const [first = '', ...rest] = wrapText(right, width - column - 2)
    const below = rest.map((line): Row => ['', gap + line])
    if (left.length + 2 <= column) return [[left, ' '.repeat(column - left.length) + first], ...below]
    return [[left, ''], ...(first === '' ? [] : [['', gap + first] as const]), ...below]
  })
}
