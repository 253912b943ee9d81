// GitHub Actions: annotations at the lines of a Dockerfile, a summary of the job, and output that can't give orders.
import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { ifAllowed } from '../../base/errno.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Annotation, Workflow } from '../terminal/workflow.ts'

/**
 * Begins to work in a step of GitHub Actions; undefined elsewhere. GitHub obeys lines of output that look like its
 * commands (`::error::…`, `##[group]`), and what a build prints comes from images and files that nobody has to trust.
 * So commands are switched off until the end, by a word that nobody can guess.
 */
export function openWorkflow(
  { env, cwd, err }: Pick<Terminal, 'env' | 'cwd' | 'err'>,
  token: string = randomBytes(16).toString('hex'),
): Workflow | undefined {
  if (env['GITHUB_ACTIONS'] !== 'true') return undefined
  const annotations: Annotation[] = []
  const workspace = env['GITHUB_WORKSPACE'] || cwd
  err.write(`::stop-commands::${token}\n`)
  return {
    annotate: (annotation) => void annotations.push(annotation),
    summarize: (markdown) => {
      const path = env['GITHUB_STEP_SUMMARY']
      // A summary that can't be written is no reason to fail a build.
      if (path) ifAllowed(() => appendFileSync(path, `${markdown}\n`))
    },
    close: () => {
      const lines = annotations.map((annotation) => annotationLine(annotation, { cwd, workspace }))
      err.write([`::${token}::`, ...lines].map((line) => `${line}\n`).join(''))
    },
  }
}

/** An annotation as a command of GitHub. Its texts can't begin another command. */
export function annotationLine(
  { kind, title, message, file, line, column }: Annotation,
  { cwd, workspace }: { readonly cwd: string; readonly workspace: string },
): string {
  const path = file === undefined ? undefined : pathIn(workspace, resolve(cwd, file))
  const place =
    path === undefined
      ? []
      : [
          ['file', path],
          ['line', line],
          ['col', column],
        ]
  const properties = [...place, ['title', title]]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escaped(`${value}`).replaceAll(':', '%3A').replaceAll(',', '%2C')}`)
  return `::${kind} ${properties.join(',')}::${escaped(message)}`
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

/** The path as GitHub knows it; undefined for a file outside of the checkout. */
function pathIn(workspace: string, path: string): string | undefined {
  const inside = relative(workspace, path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? undefined : inside.split(sep).join('/')
}
