// Runs the recorded BuildKit build cases, and fails when fewer pass than are written down here.
// usage: tsx scripts/conformance-builds.ts [DIR] [--isolation KIND] [--tag TAG]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** Raise it when more pass; never lower it. */
const EXPECTED = 528

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { isolation: { type: 'string', default: 'auto' }, tag: { type: 'string' } },
})
const root = resolve(positionals[0] ?? '../shared/conformance')
const temporary = mkdtempSync(join(tmpdir(), 'tsbuild-conformance-'))
try {
  const results = join(temporary, 'results.json')
  const cli = resolve(import.meta.dirname, '../bin/tsbuild.js')
  const base = join(root, 'bases/busybox-oci')
  // A store for each case: what one leaves in a cache mount must not be seen by another.
  const command =
    `TSBUILD_HOME={tmp}/store node ${cli} build --isolation ${values.isolation} -f {dockerfile} {args} ` +
    `--build-context busybox=oci-layout://${base} -o type=oci,dest={out} {ctx}`
  const tags = values.tag === undefined ? [] : ['--tag', values.tag]
  const run = spawnSync(
    'python3',
    [join(root, 'run.py'), '--jobs', '2', ...tags, '--json', results, '--cmd', command],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  if (run.error) throw run.error
  const cases = Object.values(JSON.parse(readFileSync(results, 'utf8')) as Record<string, { readonly pass: boolean }>)
  const passed = cases.filter((found) => found.pass).length
  const needed = values.tag === undefined ? EXPECTED : 0
  console.log(`${passed} of ${cases.length} build cases pass; at least ${needed} must`)
  process.exitCode = passed >= needed ? 0 : 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
