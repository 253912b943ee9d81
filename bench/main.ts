// npm run bench -- [NAME…] [--runs N] [--directory DIR]
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchOptions } from './bench-options.ts'
import { copyLarge, copySmall } from './copy-tree.ts'
import { growth } from './growth.ts'
import { parser } from './parser.ts'
import { registry } from './registry.ts'
import { runSteps } from './run-steps.ts'

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  'copy-small': copySmall,
  'copy-large': copyLarge,
  growth,
  parser,
  registry,
  'run-steps': runSteps,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    directory: { type: 'string', default: join(tmpdir(), 'tsbuild-bench') },
  },
})
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES)
const unknown = names.find((name) => !Object.hasOwn(BENCHES, name))
const runs = Number(values.runs)
if (unknown !== undefined || !Number.isInteger(runs) || runs < 1) {
  console.error(`usage: npm run bench -- [${Object.keys(BENCHES).join('|')}] [--runs N] [--directory DIR]`)
  process.exitCode = 2
} else {
  mkdirSync(values.directory, { recursive: true })
  for (const name of names) await BENCHES[name]?.({ runs, directory: values.directory })
}
