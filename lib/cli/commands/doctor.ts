import { type DoctorReport, examine } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { type Paint, painter } from '../terminal/paint.ts'
import { tableLines } from '../terminal/table.ts'
import type { Screen } from '../terminal/terminal.ts'
import { printable } from '../terminal/text-width.ts'
import { wrapText } from '../terminal/wrap-text.ts'
import { withStore } from '../with-store.ts'

export const run: Run = async (args, { out }) => {
  const report = await withStore(args, (store) => examine(store.temporary()))
  if (args.on('json')) out.write(`${JSON.stringify(report, undefined, 2)}\n`)
  else out.write(`${reportLines(report, out).join('\n')}\n`)
  return report.isolation === undefined ? EXIT_CODES.failed : EXIT_CODES.ok
}

function reportLines(report: DoctorReport, screen: Screen): string[] {
  const paint = painter(screen.color)
  const parts = [
    summaryLines(report, screen, paint),
    ...(['place', 'back-end', 'store', 'ownership'] as const).map((about) => probeLines(report, about, screen, paint)),
    backendLines(report, screen),
    adviceLines(report, paint),
  ]
  return parts.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]))
}

function summaryLines(report: DoctorReport, screen: Screen, paint: Paint): string[] {
  const { isolation, program, ownership, place, system } = report
  const runs =
    isolation === undefined ? paint('red', 'nothing works: see below') : `${paint('green', isolation)}, with ${program}`
  const user = system.uid === undefined ? '' : `, uid ${system.uid}`
  return [
    ['RUN uses', runs],
    ['ids', IDS[place.mapping]],
    ['owners', `${ownership.kind}: ${ownership.detail}`],
    ['system', `${system.platform} ${system.kernel} ${system.arch}, Node.js ${system.node}${user}`],
  ].flatMap(([label = '', text = '']) =>
    wrapText(text, Math.max(40, screen.size().width - 10)).map(
      (line, i) => paint('bold', (i === 0 ? label : '').padEnd(10)) + line,
    ),
  )
}

const IDS: Readonly<Record<DoctorReport['place']['mapping'], string>> = {
  root: "root's: all of them",
  multiple: 'a range of them, in a user namespace',
  single: 'one, in a user namespace',
  none: "the user's own",
}

const TITLES = { place: 'Namespaces', 'back-end': 'Back-ends', store: 'Layers', ownership: 'Owners' } as const

function probeLines(report: DoctorReport, about: keyof typeof TITLES, screen: Screen, paint: Paint): string[] {
  const probes = report.probes.filter((probe) => probe.about === about)
  if (probes.length === 0) return []
  const [yes, no] = screen.unicode ? (['✓', '✗'] as const) : (['ok', '--'] as const)
  const arrow = screen.unicode ? '→' : '->'
  const width = Math.max(...probes.map(({ name }) => name.length))
  const indent = ' '.repeat(width + yes.length + 5)
  const room = Math.max(30, screen.size().width - indent.length)
  const lines = probes.flatMap(({ name, ok, detail, remedy }) => {
    const mark = ok ? paint('green', yes) : paint('red', no)
    const [first = '', ...rest] = wrapText(printable(detail), room)
    const advice = remedy === undefined ? [] : wrapText(remedy, room - arrow.length - 1)
    return [
      `  ${mark} ${name.padEnd(width)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...advice.map(
        (line, i) => `${indent}${i === 0 ? `${paint('cyan', arrow)} ` : ' '.repeat(arrow.length + 1)}${line}`,
      ),
    ]
  })
  return [paint('bold', TITLES[about]), ...lines]
}

/** A table of the features of the working back-ends. */
function backendLines({ backends }: DoctorReport, { color }: Screen): string[] {
  if (backends.length === 0) return []
  const yesOrNo = (able: boolean): string => (able ? 'yes' : 'no')
  const rows = backends.map(({ isolation, program, features }) => [
    isolation,
    program,
    yesOrNo(features.processes),
    yesOrNo(features.networkNone),
    yesOrNo(features.controlLimits),
    yesOrNo(features.mounts),
  ])
  return tableLines(['ISOLATION', 'PROGRAM', 'OWN PROCESSES', 'NETWORK NONE', 'LIMITS', 'MOUNTS'], rows, { color })
}

function adviceLines({ advice }: DoctorReport, paint: Paint): string[] {
  return advice.flatMap(({ where, gives, text }, i) => [
    ...(i === 0 ? [] : ['']),
    `${paint('bold', where)}, so that ${gives}:`,
    ...text.split('\n').map((line) => `    ${line}`),
  ])
}
