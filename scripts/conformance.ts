// Runs corpora of recorded BuildKit results, as JSON Lines: `npm run conformance -- DIR`. The folder of a
// corpus (parser, shell, instructions, ignore, lint) and the shape of its cases select the check. Exits with 1
// if anything differs.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { Check } from './conformance/check.ts'
import { checkIgnore } from './conformance/check-ignore.ts'
import { checkInstructions } from './conformance/check-instructions.ts'
import { checkLint } from './conformance/check-lint.ts'
import { checkParser } from './conformance/check-parser.ts'
import { checkShell } from './conformance/check-shell.ts'

const checks: Readonly<Record<string, Check>> = {
  parser: checkParser,
  shell: checkShell,
  instructions: checkInstructions,
  ignore: checkIgnore,
  lint: checkLint,
}

const shownDifferences = 5

function main(directory: string | undefined): number {
  if (!directory) {
    console.error('usage: npm run conformance -- DIR')
    return 2
  }
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'))
  let passed = 0
  let failed = 0
  for (const name of files.sort()) {
    const path = join(directory, name)
    const check = checks[basename(dirname(path))]
    const label = relative(directory, path)
    if (!check) {
      console.log(`${label}: not run, there is no check for it`)
      continue
    }
    const differences = runFile(path, check)
    const count = differences.length
    const failures = differences.filter((difference) => difference !== undefined)
    console.log(`${label}: ${count - failures.length} passed, ${failures.length} failed`)
    for (const failure of failures.slice(0, shownDifferences)) console.log(`  ${failure.replaceAll('\n', '\n  ')}`)
    passed += count - failures.length
    failed += failures.length
  }
  console.log(`${passed} passed, ${failed} failed`)
  if (passed + failed === 0) console.error(`no corpora below ${directory}`)
  return failed === 0 && passed > 0 ? 0 : 1
}

/** One element for each case: the difference, or undefined. */
function runFile(path: string, check: Check): (string | undefined)[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => {
    if (line === '') return []
    const difference = check(JSON.parse(line))
    return [difference && `line ${index + 1}: ${difference}`]
  })
}

process.exitCode = main(process.argv[2])
