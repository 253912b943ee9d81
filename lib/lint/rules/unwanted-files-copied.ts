import { count } from '../../base/count.ts'
import { formatSize } from '../../base/format-size.ts'
import { baseName } from '../../base/paths.ts'
import { amountOf, contextPath, walkFiles } from '../facts/context-files.ts'
import { enumerate } from '../facts/quantities.ts'
import type { LintContext } from '../lint-options.ts'
import type { Rule } from '../rule.ts'
import type { CopyStep, Step } from '../step.ts'

export const unwantedFilesCopied: Rule = {
  name: 'UnwantedFilesCopied',
  description: 'the ignore file keeps repositories, installed dependencies and caches out of the context',
  own: 'certain',
  checks: {
    stage({ steps, context, hasIgnoreFile }, report) {
      if (!context) return
      for (const step of steps) {
        if (step.kind !== 'copy' || (step.instruction.kind === 'COPY' && step.instruction.from)) continue
        // A copy with exclusions is not searched.
        if (step.instruction.exclude.length > 0) continue
        for (const { word, path } of step.sources) {
          const message = describe({ context, step, source: contextPath(path), steps, hasIgnoreFile })
          if (message !== undefined) report(message, { span: word.span, at: step.site })
        }
      }
    },
  },
}

interface CopiedPath {
  readonly context: LintContext
  readonly step: CopyStep
  readonly source: string
  readonly steps: readonly Step[]
  readonly hasIgnoreFile: boolean
}

function describe({ context, step, source, steps, hasIgnoreFile }: CopiedPath): string | undefined {
  const found = findUnwanted(context, source, steps)
  if (found.length === 0) return undefined
  const list = found.map((path) => {
    const { files, bytes } = amountOf(context, path)
    return `${path} (${count(files, 'file')}, ${formatSize(bytes)})`
  })
  const reason = hasIgnoreFile ? "the ignore file doesn't keep it out" : 'there is no .dockerignore'
  return `This ${step.instruction.kind} takes along ${enumerate(list)}: ${reason}`
}

const REPOSITORIES: ReadonlySet<string> = new Set(['.git', '.hg', '.svn'])
const CACHES: ReadonlySet<string> = new Set([
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.terraform',
  '.gradle',
  '.parcel-cache',
  '.turbo',
])
const DEPTH = 3

/** The topmost directories of each kind that only a developer's machine has a use for, however deep they may be. */
function findUnwanted(context: LintContext, source: string, steps: readonly Step[]): readonly string[] {
  const found: string[] = []
  if (context.lookup(source)?.type !== 'directory') return found
  walkFiles(
    context,
    source,
    () => {},
    ({ path }) => {
      if (isUnwanted(context, path, steps)) found.push(path)
      else return path.split('/').length < DEPTH
      return false
    },
  )
  return found.sort()
}

function isUnwanted(context: LintContext, path: string, steps: readonly Step[]): boolean {
  const name = baseName(path)
  // Where a step makes use of the repository it is wanted.
  if (REPOSITORIES.has(name)) return !runs(steps, /\b(?:git|hg|svn|make|gradlew?|mvnw?|goreleaser|setuptools_scm)\b/)
  // Where nothing is installed, what is there may be what the image is for.
  if (name === 'node_modules')
    return runs(
      steps,
      /\b(?:npm (?:ci|i|install|clean-install)|yarn(?: install)?|pnpm (?:i|install)|bun (?:i|install))\b/,
    )
  if (CACHES.has(name)) return true
  if (name === 'target') return context.lookup(`${path}/CACHEDIR.TAG`) !== undefined && runs(steps, /\bcargo\b/)
  return context.lookup(`${path}/pyvenv.cfg`) !== undefined
}

const runs = (steps: readonly Step[], pattern: RegExp): boolean =>
  steps.some((step) => step.kind === 'run' && pattern.test(`${step.instruction.original}\n${step.script}`))
