// Runs the recorded BuildKit build cases, and fails if fewer pass than are recorded below.
// usage: tsx scripts/conformance-builds.ts [DIR] [--isolation KIND] [--tag TAG]
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runBuilds } from './conformance/run-builds.ts'

/** The number of cases that pass. Raise it when more pass; never lower it. */
const EXPECTED = 561

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { isolation: { type: 'string', default: 'auto' }, tag: { type: 'string' } },
})
const tags = values.tag === undefined ? [] : [values.tag]
const cases = [...runBuilds(resolve(positionals[0] ?? '../shared/conformance'), { ...values, tags }).values()]
const passed = cases.filter((pass) => pass).length
const needed = values.tag === undefined ? EXPECTED : 0
console.log(`${passed} of ${cases.length} build cases pass; at least ${needed} must`)
process.exitCode = passed >= needed ? 0 : 1
