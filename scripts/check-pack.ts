// Checks the package before it is published: it holds only bin/, dist/ and native/bin/, is small, and runs nothing at
// install time. It also checks the lock file, in which `npm ci` needs the binaries of every platform.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

interface PackResult {
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}
interface LockedPackage {
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

// A third of the bytes are declarations, and 330 kB are the native helper for two processors. The bundle has
// few files, because opening many of them slows every start; test/cli/startup.test.ts knows which ones a command opens.
const UNPACKED_LIMIT = 3_000_000
const SCRIPT_LIMIT = 200
const PACKAGE_LIMIT = 60

const [pack] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }),
) as PackResult[]
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock
const runtime = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !entry.dev)
const problems: string[] = []
if (!pack) problems.push('npm pack printed no package')
for (const { path } of pack?.files ?? []) {
  if (!/^(bin|dist|native\/bin)\/|^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path))
    problems.push(`unexpected file in the package: ${path}`)
}
const scripts = (pack?.files ?? []).filter(({ path }) => path.endsWith('.js')).length
if (scripts > SCRIPT_LIMIT) problems.push(`${scripts} files of JavaScript; the limit is ${SCRIPT_LIMIT}`)
if ((pack?.unpackedSize ?? 0) > UNPACKED_LIMIT)
  problems.push(`the package unpacks to ${pack?.unpackedSize} bytes; the limit is ${UNPACKED_LIMIT}`)
if (runtime.length > PACKAGE_LIMIT)
  problems.push(`${runtime.length} packages at run time; the limit is ${PACKAGE_LIMIT}`)
for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const name of Object.keys(optionalDependencies)) {
    const isThere = [`node_modules/${name}`, `${path}/node_modules/${name}`].some(
      (location) => location in lock.packages,
    )
    if (!isThere) problems.push(`package-lock.json lacks ${name}, which ${path} may need: npm ci would refuse it`)
  }
}
for (const [path, entry] of runtime)
  if (entry.hasInstallScript) problems.push(`${path} runs a script when it is installed`)

console.log(
  `package: ${pack?.files.length} files, ${pack?.unpackedSize} bytes unpacked; ${runtime.length} packages at run time, none with an install script`,
)
for (const problem of problems) console.error(`error: ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
