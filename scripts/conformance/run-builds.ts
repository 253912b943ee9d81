import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface BuildRun {
  readonly isolation: string
  /** Only cases with all of these tags; `!TAG` selects cases without a tag. */
  readonly tags?: readonly string[]
  /** Only cases with these names. */
  readonly names?: readonly string[] | undefined
  /** Arguments before the command that runs all cases. */
  readonly within?: readonly string[]
  /** Shell words before each build; `{base}` is the directory of the base image. */
  readonly enter?: string
  readonly env?: Readonly<Record<string, string>>
  /** Called before the first case. */
  readonly before?: () => void
  /** The stream for the output of the runner. */
  readonly output?: 'inherit' | 'ignore'
}

/** Runs recorded cases with this checkout, each with its own store, and returns whether each passed. */
export function runBuilds(root: string, run: BuildRun): ReadonlyMap<string, boolean> {
  const temporary = mkdtempSync(join(tmpdir(), 'tsbuild-conformance-'))
  try {
    run.before?.()
    const results = join(temporary, 'results.json')
    const cli = resolve(import.meta.dirname, '../../bin/tsbuild.js')
    const base = join(root, 'bases/busybox-oci')
    // Each case has its own store, so that the cache mounts of one case do not affect another.
    const command =
      `TSBUILD_HOME={tmp}/store ${run.enter?.replaceAll('{base}', base) ?? ''} ${process.execPath} ${cli} build --isolation ${run.isolation} ` +
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

/** The names of cases whose tags satisfy a condition. */
export function casesWith(root: string, wanted: (tags: readonly string[]) => boolean): readonly string[] {
  return readdirSync(join(root, 'build')).filter((name) => {
    const { tags = [] } = JSON.parse(readFileSync(join(root, 'build', name, 'case.json'), 'utf8'))
    return wanted(tags)
  })
}

const escaped = (name: string): string => name.replaceAll(/[.+*?()[\]\\^$|]/g, '\\$&')
