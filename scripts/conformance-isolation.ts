// Runs recorded RUN cases in every back-end, and compares the results with the table in docs/sandbox.md.
// usage: tsx scripts/conformance-isolation.ts [DIR] [--write] [--all] [--only NAME]...
// --write updates the table; --all runs all RUN cases instead of a sample, without the table; --only selects rows.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { commandFilter } from '../lib/sandbox/seccomp/command-filter.ts'
import { DOCUMENT, type IsolationRow, isolationRows } from './conformance/isolation-rows.ts'
import { casesWith, runBuilds } from './conformance/run-builds.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
  },
})
const BEGIN = '<!-- recorded: npx tsx scripts/conformance-isolation.ts --write -->'
const END = '<!-- /recorded -->'
/** The tags of cases in which back-ends differ: mounts, users, owners. */
const SAMPLE = ['cache-mount', 'tmpfs-mount', 'secret', 'user', 'shell', 'chown', 'onbuild']

interface Measured {
  readonly row: IsolationRow
  readonly passed: number
  readonly all: number
  readonly failed: readonly string[]
}

const root = resolve(positionals[0] ?? '../shared/conformance')
const temporary = mkdtempSync(join(tmpdir(), 'tsbuild-isolation-'))
try {
  const filter = join(temporary, 'filter')
  writeFileSync(filter, commandFilter(0n) ?? new Uint8Array())
  const rows = isolationRows(filter, temporary).filter(({ name }) => values.only?.includes(name) ?? true)
  const names = casesWith(
    root,
    (tags) => tags.includes('run') && (values.all || SAMPLE.some((tag) => tags.includes(tag))),
  )
  const measured: Measured[] = []
  for (const row of rows) {
    if (!row.available) {
      console.warn(`${row.name}: not on this machine, its row stays as it is`)
      continue
    }
    measured.push(measure(row, names))
  }
  const unexplained = measured.flatMap(({ row, failed }) =>
    failed.filter((name) => !(name in row.shortfalls)).map((name) => `${row.name}: ${name} fails, and nobody said why`),
  )
  const touched = measured.flatMap(({ row }) => row.touched?.().map((line) => `${row.name}: ${line}`) ?? [])
  for (const line of [...unexplained, ...touched]) console.error(line)
  const differs = !values.all && !updateTable(isolationRows(filter, temporary), measured)
  process.exitCode = unexplained.length + touched.length > 0 || differs ? 1 : 0
} finally {
  rmSync(temporary, { recursive: true, force: true })
}

function measure(row: IsolationRow, cases: readonly string[]): Measured {
  const begun = Date.now()
  const results = runBuilds(root, { output: 'ignore', ...row.run, names: cases })
  const failed = [...results].filter(([, pass]) => !pass).map(([name]) => name)
  const passed = results.size - failed.length
  console.log(`${row.name}: ${passed} of ${results.size}, ${Math.round((Date.now() - begun) / 1000)} s`)
  return { row, passed, all: results.size, failed }
}

/** Whether the table matches the measurement; with --write it is updated first. */
function updateTable(rows: readonly IsolationRow[], found: readonly Measured[]): boolean {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [before = '', rest = ''] = text.split(BEGIN)
  const at = rest.indexOf(END)
  const old = rest.slice(0, at)
  const lines = rows.map((row) => {
    const now = found.find((one) => one.row.name === row.name)
    const former = old.split('\n').find((line) => line.startsWith(`| ${row.title} |`))
    return now ? lineOf(now) : (former ?? `| ${row.title} | not measured | |`)
  })
  const table = ['', '', '| back-end | cases that pass | otherwise |', '| --- | --- | --- |', ...lines, '', ''].join(
    '\n',
  )
  if (table === old) return true
  if (values.write) writeFileSync(DOCUMENT, `${before}${BEGIN}${table}${rest.slice(at)}`)
  else console.error(`docs/sandbox.md says otherwise; --write would put there:${table}`)
  return values.write
}

function lineOf({ row, passed, all, failed }: Measured): string {
  const reasons = [...new Set(failed.map((name) => row.shortfalls[name] ?? 'unknown'))]
  return `| ${row.title} | ${passed} of ${all} | ${reasons.join('; ')} |`
}
