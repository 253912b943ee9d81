// Runs a command in a restricted pod.
// usage: tsx scripts/conformance/enter-restricted.ts ROOT DIRECTORY BASE COMMAND...
// ROOT becomes the root directory of the pod, in which DIRECTORY and BASE are seen. DIRECTORY is given to the user of
// the pod, with all that is in it.
import { spawnSync } from 'node:child_process'
import { ENVIRONMENTS, inEnvironment } from '../../test/support/environments.ts'

const [root = '', directory = '', base = '', ...command] = process.argv.slice(2)
const { uid } = ENVIRONMENTS.restricted
spawnSync('chown', ['-R', '--no-dereference', `${uid}:${uid}`, directory], { stdio: 'inherit' })
const { PATH: _path, HOME: _home, TMPDIR: _temporary, ...env } = process.env
const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
const { status, stdout, stderr } = inEnvironment('restricted', command, {
  root,
  env: Object.fromEntries(variables),
  writable: [directory, base],
})
process.stdout.write(stdout)
process.stderr.write(stderr)
process.exitCode = status ?? 1
