import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface BuildRun {
  readonly isolation: string
  /** Only cases with all of these tags; `!TAG` for those without. */
  readonly tags?: readonly string[]
  /** Only cases of these names. */
  readonly names?: readonly string[] | undefined
  /** Words before the command that runs all of it. */
  readonly within?: readonly string[]
  /** Shell words before each build. */
  readonly enter?: string
  readonly env?: Readonly<Record<string, string>>
  /** Where what the runner says goes. */
  readonly output?: 'inherit' | 'ignore'
}

/** Runs recorded cases with this checkout, each with a store of its own, and gives whether each passed. */
export function runBuilds(root: string, run: BuildRun): ReadonlyMap<string, boolean> {
  const temporary = mkdtempSync(join(tmpdir(), 'tsbuild-conformance-'))
  try {
    const results = join(temporary, 'results.json')
    const cli = resolve(import.meta.dirname, '../../bin/tsbuild.js')
    const base = join(root, 'bases/busybox-oci')
    // A store for each case: what one leaves in a cache mount must not be seen by another.
    const command =
      `TSBUILD_HOME={tmp}/store ${run.enter ?? ''} ${process.execPath} ${cli} build --isolation ${run.isolation} ` +
      `-f {dockerfile} {args} --build-context busybox=oci-layout://${base} -o type=oci,dest={out} {ctx}`
    const tags = (run.tags ?? []).flatMap((tag) => ['--tag', tag])
    const filter = run.names ? ['--filter', `^(${run.names.map(escaped).join('|')})$`] : []
    const [file = '', ...words] = [
      ...(run.within ?? []),
      ...['python3', join(root, 'run.py'), '--jobs', '2', ...tags, ...filter, '--json', results, '--cmd', command],
    ]
    const output = run.output ?? 'inherit'
    const env = { ...process.env, ...run.env }
    const { error } = spawnSync(file, words, { env, stdio: ['ignore', output, output] })
    if (error) throw error
    const cases = JSON.parse(readFileSync(results, 'utf8')) as Record<string, { readonly pass: boolean }>
    return new Map(Object.entries(cases).map(([name, { pass }]) => [name, pass]))
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Names of the cases whose tags satisfy a condition. */
export function casesWith(root: string, wanted: (tags: readonly string[]) => boolean): readonly string[] {
  return readdirSync(join(root, 'build')).filter((name) => {
    const { tags = [] } = JSON.parse(readFileSync(join(root, 'build', name, 'case.json'), 'utf8'))
    return wanted(tags)
  })
}

const escaped = (name: string): string => name.replaceAll(/[.+*?()[\]\\^$|]/g, '\\$&')
