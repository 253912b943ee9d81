// Builds the stages of the Dockerfile beside this file in an environment, and returns each image or error.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { SandboxInfo } from '../../../lib/index.ts'
import { ENVIRONMENTS, type EnvironmentName, inEnvironment } from '../../support/environments.ts'
import { run } from '../../support/run.ts'

export interface Row {
  readonly environment: EnvironmentName
  /** Default `auto`. */
  readonly isolation?: string
  /** False: as if the native helper were not installed. */
  readonly helper: boolean
  /** A path of a proot to use instead of the one in PATH. */
  readonly proot?: string | undefined
  /** The text to build; default the Dockerfile beside this file. */
  readonly text?: string
}

export interface Built {
  readonly diffIDs?: readonly string[]
  readonly sandbox?: SandboxInfo
  readonly warnings: readonly string[]
  /** The error's code, if there is no image. */
  readonly code?: string
  readonly message?: string
  readonly hint?: string
  /** The image's files as tar lists them, without sizes and times. */
  readonly files: readonly string[]
}

const here = import.meta.dirname
export const dockerfile: string = readFileSync(join(here, 'Dockerfile'), 'utf8')

const SCRIPT = '[ ! -x "$HOME/proot" ] || export TSBUILD_PROOT="$HOME/proot"; exec node "$0" "$HOME/task.json"'

/** `bases` has OCI layouts `base`, `glibc` and, for cases that begin with `debian-`, `debian`. */
export function buildInEnvironment(
  { environment, isolation = 'auto', helper, proot, text = dockerfile }: Row,
  bases: string,
  cases: readonly string[],
): Readonly<Record<string, Built>> {
  const results: Record<string, Built> = {}
  const { uid } = ENVIRONMENTS[environment]
  const ran = inEnvironment(environment, ['sh', '-c', SCRIPT, join(here, 'build-cases.mjs')], {
    timeout: 400,
    env: helper ? {} : { TSBUILD_SANDBOX_HELPER: '' },
    before: (home) => {
      for (const name of ['base', 'glibc', 'debian']) {
        if (existsSync(join(bases, name))) cpSync(join(bases, name), join(home, name), { recursive: true })
      }
      if (proot !== undefined) cpSync(proot, join(home, 'proot'))
      const files = join(home, 'context/files')
      mkdirSync(files, { recursive: true })
      for (const name of ['a', 'b']) writeFileSync(join(files, name), name, { mode: 0o644 })
      writeFileSync(join(home, 'context/Dockerfile'), text)
      const library = resolve(here, '../../../dist/index.js')
      const task = { library, directory: home, cases, isolation }
      writeFileSync(join(home, 'task.json'), JSON.stringify(task))
      run('chown', ['-R', `${uid}:${uid}`, home])
    },
    after: (home) => {
      const file = join(home, 'results.json')
      if (!existsSync(file)) return
      const built: Record<string, Omit<Built, 'files'>> = JSON.parse(readFileSync(file, 'utf8'))
      for (const [name, result] of Object.entries(built)) {
        results[name] = { ...result, files: listing(join(home, `${name}.tar`)) }
      }
    },
  })
  if (Object.keys(results).length === 0)
    throw new Error(`${environment}: nothing was built\n${ran.stdout}${ran.stderr}`)
  return results
}

function listing(archive: string): readonly string[] {
  if (!existsSync(archive)) return []
  return run('tar', ['--numeric-owner', '-tvf', archive]).trim().split('\n').sort()
}
