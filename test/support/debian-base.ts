// A real Debian for tests: examples/base/make-base.sh, run once for all tests of a file.
import { spawn, spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { bin } from '../e2e/tsbuild.ts'

const script = resolve(import.meta.dirname, '../../examples/base/make-base.sh')

/**
 * Creates debian:12-slim as an OCI layout in `DIRECTORY/debian`, and returns that path. Takes a minute or two,
 * and needs a mirror.
 */
export async function debianBase(directory: string): Promise<string> {
  const layout = join(directory, 'debian')
  const env = { ...process.env, TSBUILD: `${process.execPath} ${bin}`, TSBUILD_HOME: join(directory, 'base-store') }
  const child = spawn('sh', [script, layout], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let printed = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail)
    child.on('close', done)
  })
  if (code !== 0) throw new Error(`make-base.sh ended with ${code}\n${printed}`)
  return layout
}

/** Whether a mirror of Debian answers; false after saying that it doesn't, an error where `CI` is `true`. */
export function hasDebianMirror(): boolean {
  const sites = spawnSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  })
  const mirror = sites.stdout?.split('\n')[0] || 'http://deb.debian.org/debian/'
  const asked = spawnSync(process.execPath, ['-e', ASK, `${mirror.replace(/\/?$/, '/')}dists/bookworm/Release`])
  if (asked.status === 0) return true
  const reason = `no mirror of Debian answers at ${mirror}`
  if (process.env['CI'] === 'true') throw new Error(`${reason}, and CI=true allows no skipped tests`)
  console.warn(`skipped: ${reason}`)
  return false
}

const ASK =
  'fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(20_000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))'
