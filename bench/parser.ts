// Parses the same texts with this parser and with dockerfile-ast, in this process.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DockerfileParser } from 'dockerfile-ast'
import { parse } from '../lib/parser/index.ts'
import type { BenchOptions } from './bench-options.ts'
import { parserCases, tryCase } from './parser-cases.ts'

interface Sample {
  readonly name: string
  readonly texts: readonly string[]
}

/**
 * Measures both parsers on the Dockerfiles of this repository and on large generated ones, and tests tricky
 * constructs with both.
 */
export async function parser({ runs }: BenchOptions): Promise<void> {
  const contenders = [
    { name: 'tsbuild', read: (text: string): number => parse(text).instructions.length },
    { name: 'dockerfile-ast', read: readWithAst },
  ]
  const rows = samples().flatMap(({ name, texts }) => {
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    return contenders.map((contender) => {
      const seconds = fastest(() => texts.map(contender.read), runs)
      const time = `${((seconds * 1e6) / texts.length).toFixed(0)} µs`
      return [name, contender.name, time, `${(bytes / seconds / 1e6).toFixed(1)} MB/s`]
    })
  })
  console.log(table(['files', 'parser', 'time a file', 'speed'], rows))
  const verdicts = parserCases.map((item) => [item.name, ...tryCase(item).map((right) => (right ? 'yes' : 'no'))])
  console.log(table(['', 'tsbuild', 'dockerfile-ast'], verdicts))
}

/** dockerfile-ast parses lazily, so this requests instructions, arguments and variables, as a tool does. */
function readWithAst(text: string): number {
  const instructions = DockerfileParser.parse(text).getInstructions()
  for (const instruction of instructions) instruction.getArguments()
  return instructions.length
}

function samples(): Sample[] {
  const root = resolve(import.meta.dirname, '..')
  const own = ['fixtures', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(^|[/.])Dockerfile$/.test(path))
      .map((path) => readFileSync(join(root, folder, path), 'utf8')),
  )
  return [
    { name: `${own.length} of this repository`, texts: own },
    { name: '100 instructions', texts: [generated(100)] },
    { name: '2,000 instructions', texts: [generated(2000)] },
    { name: '20,000 instructions', texts: [generated(20_000)] },
  ]
}

function generated(count: number): string {
  const kinds = [
    (n: number): string =>
      `RUN apt-get update && \\\n    apt-get install -y package-${n} && \\\n    rm -rf /var/lib/apt/lists/*`,
    (n: number): string => `COPY --chown=app:app src/${n} /app/src/${n}`,
    (n: number): string => `ENV NAME_${n}="value ${n}" OTHER_${n}=\${NAME_${n - 1}:-none}`,
    (n: number): string => `# comment ${n}\nLABEL org.example.label-${n}="text of ${n}"`,
  ]
  const lines = Array.from({ length: count }, (_, n) => kinds[n % kinds.length]?.(n) ?? '')
  return `FROM node:22 AS build\n${lines.join('\n')}\n`
}

/** Seconds of the fastest of several runs of at least 0.3 seconds each, after a warm-up. */
function fastest(action: () => unknown, runs: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run <= runs; run++) {
    const started = performance.now()
    let count = 0
    let elapsed = 0
    while (elapsed < 300) {
      action()
      count++
      elapsed = performance.now() - started
    }
    if (run > 0) best = Math.min(best, elapsed / count / 1000)
  }
  return best
}

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`
