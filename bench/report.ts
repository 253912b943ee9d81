import type { Measurement } from './measure.ts'

/** A contender with the measurements of its runs. */
export interface Series {
  readonly name: string
  readonly runs: readonly Measurement[]
  /** The size of the result in bytes. */
  readonly outputBytes: number
}

/** Medians as a Markdown table. Ratios refer to the series of the given name. */
export function formatTable(series: readonly Series[], baseline: string): string {
  const base = series.find(({ name }) => name === baseline)
  const rows = series.map((s) => {
    const [wall, cpu, peak] = medians(s)
    const [baseWall, baseCPU] = base ? medians(base) : [wall, cpu]
    return [
      s.name,
      `${wall.toFixed(2)} s`,
      `${(wall / baseWall).toFixed(2)}`,
      `${cpu.toFixed(2)} s`,
      `${(cpu / baseCPU).toFixed(2)}`,
      `${(peak / 1e6).toFixed(0)} MB`,
      `${(s.outputBytes / 1e6).toFixed(1)} MB`,
    ]
  })
  const head = ['', 'wall', `x ${baseline}`, 'CPU', `x ${baseline}`, 'peak memory', 'output']
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

function medians({ runs }: Series): readonly [number, number, number] {
  return [
    median(runs.map((r) => r.wallSeconds)),
    median(runs.map((r) => r.cpuSeconds)),
    median(runs.map((r) => r.peakBytes)),
  ]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1, middle + 1)
  return (low + high) / 2
}
