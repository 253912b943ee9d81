// Runs contenders that do the same work in turns, so that other load on the machine affects all of them.
import { mkdirSync, rmSync } from 'node:fs'
import { type Measurement, measure } from './measure.ts'
import { formatTable } from './report.ts'

export interface Contender {
  readonly name: string
  /** The reason why the contender cannot take part, if there is one. */
  readonly missing: string | undefined
  readonly script: string
  readonly env: Readonly<Record<string, string>>
}

export interface Comparison<C extends Contender> {
  readonly title: string
  /** The contender that ratios refer to. */
  readonly baseline: string
  readonly runs: number
  /** A directory that is emptied before each run, and removed at the end. */
  readonly work: string
  readonly prepare: (contender: C) => void
  /** The size in bytes of the result of a run. */
  readonly outputBytes: (contender: C) => number
}

/** Measures the contenders that can take part, and prints a table. */
export async function compare<C extends Contender>(
  contenders: readonly C[],
  { title, baseline, runs, work, prepare, outputBytes }: Comparison<C>,
): Promise<void> {
  for (const { name, missing } of contenders) if (missing) console.log(`without ${name}: ${missing}`)
  const able = contenders.filter(({ missing }) => missing === undefined)
  const series = able.map((contender) => ({ contender, runs: [] as Measurement[], bytes: 0 }))
  for (let run = 0; run < runs; run++) {
    for (const one of series) {
      rmSync(work, { recursive: true, force: true })
      mkdirSync(work, { recursive: true })
      prepare(one.contender)
      one.runs.push(await measure(one.contender.script, one.contender.env))
      one.bytes = outputBytes(one.contender)
    }
  }
  rmSync(work, { recursive: true, force: true })
  console.log(`\n${title}; medians of ${runs} interleaved runs\n`)
  const rows = series.map(({ contender, runs: measured, bytes }) => ({
    name: contender.name,
    runs: measured,
    outputBytes: bytes,
  }))
  console.log(formatTable(rows, baseline))
}
