// Contenders that do the same, run one after the other in turns, so that what else the machine does hits all alike.
import { mkdirSync, rmSync } from 'node:fs'
import { type Measurement, measure } from './measure.ts'
import { formatTable } from './report.ts'

export interface Contender {
  readonly name: string
  /** Why it can't take part, if so. */
  readonly missing: string | undefined
  readonly script: string
  readonly env: Readonly<Record<string, string>>
}

export interface Comparison<C extends Contender> {
  readonly title: string
  /** The contender that ratios are to. */
  readonly baseline: string
  readonly runs: number
  /** Made empty before each run, and removed in the end. */
  readonly work: string
  readonly prepare: (contender: C) => void
  /** Bytes of what a run has made. */
  readonly outputBytes: (contender: C) => number
}

/** Measures those who can take part, and prints a table. */
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
