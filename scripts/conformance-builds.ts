// Runs the recorded BuildKit build cases that need no RUN, and fails when fewer pass than are written down here.
// usage: tsx scripts/conformance-builds.ts DIR [--all]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Raise it when more pass; never lower it. */
const EXPECTED = 224

const [directory = '../shared/conformance'] = process.argv.slice(2)
const root = resolve(directory)
const temporary = mkdtempSync(join(tmpdir(), 'tsbuild-conformance-'))
try {
  const results = join(temporary, 'results.json')
  const cli = resolve(import.meta.dirname, '../bin/tsbuild.js')
  const base = join(root, 'bases/busybox-oci')
  const command = `node ${cli} build -f {dockerfile} {args} --build-context busybox=oci-layout://${base} -o type=oci,dest={out} {ctx}`
  const env = { ...process.env, TSBUILD_HOME: join(temporary, 'store') }
  const run = spawnSync(
    'python3',
    [join(root, 'run.py'), '--jobs', '2', '--tag', 'no-run', '--json', results, '--cmd', command],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
    },
  )
  if (run.error) throw run.error
  const cases = Object.values(JSON.parse(readFileSync(results, 'utf8')) as Record<string, { readonly pass: boolean }>)
  const passed = cases.filter((found) => found.pass).length
  console.log(`${passed} of ${cases.length} build cases without RUN pass; at least ${EXPECTED} must`)
  process.exitCode = passed >= EXPECTED ? 0 : 1
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
