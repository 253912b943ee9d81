import { formatSize } from '../../base/format-size.ts'
import { baseName } from '../../base/paths.ts'
import { contextPath, findSource, namePattern } from '../facts/context-files.ts'
import { isWithin, resolvePath, shownPath } from '../facts/image-paths.ts'
import { secretFile } from '../facts/secret-file-names.ts'
import type { LintContext } from '../lint-options.ts'
import type { Rule } from '../rule.ts'
import type { CopyStep, RunStep } from '../step.ts'

export const deletedInLaterLayer: Rule = {
  name: 'DeletedInLaterLayer',
  description: 'files are removed by the step that makes them: later the image only hides them',
  own: 'certain',
  checks: {
    stage({ steps, isShipped, context }, report) {
      // The layers of other stages stay at home.
      if (!isShipped) return
      const made = new Map<string, Made>()
      const make = (file: Made): void => {
        if (made.size < MOST_FILES) made.set(file.path, file)
      }
      for (const step of steps) {
        if (step.kind === 'other') continue
        const { line } = step.site
        if (step.kind === 'copy') {
          for (const file of copiedFiles(step, context)) make({ ...file, line, by: step.instruction.kind })
          continue
        }
        const { written, removed } = effects(step)
        for (const pattern of removed) {
          const hits = [...made.values()].filter(({ path }) => covers(pattern, path))
          const hit = hits.find(({ isSecret }) => isSecret) ?? hits[0]
          if (!hit) continue
          for (const { path } of hits) made.delete(path)
          report(explain(hit), { at: step.site })
          break
        }
        for (const path of written) {
          if (!removed.some((pattern) => covers(pattern, path))) make({ path, line, by: 'RUN' })
        }
      }
    },
  },
}

interface Made {
  readonly path: string
  readonly line: number
  readonly by: string
  readonly bytes?: number
  readonly isSecret?: boolean
}

// Each is compared with everything that is removed.
const MOST_FILES = 500

// A script that is run and removed is no matter of space.
const SMALLEST = 64 * 1024

// The directory holds nothing else.
const APT_LISTS = '/var/lib/apt/lists/*'

function explain({ path, line, by, bytes, isSecret }: Made): string {
  const layer = `the layer of ${by} (line ${line})`
  if (path === APT_LISTS) {
    return `Removing the package lists here only hides them: their bytes stay in ${layer}; remove them in the RUN that installs packages`
  }
  const name = shownPath(path)
  if (isSecret) {
    return `Removing ${name} here only hides it: it can still be read from ${layer}; use RUN --mount=type=secret`
  }
  const amount = bytes === undefined ? 'its bytes stay' : `its ${formatSize(bytes)} stay`
  const advice = by === 'RUN' ? 'remove it in that RUN' : 'use RUN --mount=type=bind instead'
  return `Removing ${name} here only hides it: ${amount} in ${layer}; ${advice}`
}

function copiedFiles(
  { instruction, sources, destination, isDirectory }: CopyStep,
  context: LintContext | undefined,
): readonly Omit<Made, 'line' | 'by'>[] {
  const isLocal = !(instruction.kind === 'COPY' && instruction.from)
  return sources.flatMap(({ path: source }) => {
    const name = baseName(contextPath(source))
    if (/[*?[]/.test(source) || name === '') return []
    const intoDirectory = isDirectory || sources.length > 1
    const path = intoDirectory ? resolvePath(destination, name) : destination
    const isSecret = isLocal && secretFile(source)?.isCertainByName === true
    const found = isLocal && context ? findSource(context, source)[0] : undefined
    // A directory's own name isn't part of what is copied.
    if (found?.type === 'directory') return intoDirectory ? [] : { path: destination, isSecret }
    const isSmall = found
      ? found.size < SMALLEST
      : isLocal && /\.(?:sh|py|js|rb|txt|list|conf|json|ya?ml|sql|repo|patch)$/.test(name)
    if (isSmall && !isSecret) return []
    return { path, isSecret, ...(found && { bytes: found.size }) }
  })
}

/** The files that a RUN writes and removes, as far as its commands show. */
function effects({ commands, workdir, instruction }: RunStep): {
  readonly written: readonly string[]
  readonly removed: readonly string[]
} {
  const written: string[] = []
  const removed: string[] = []
  const mounts = instruction.mounts.flatMap(({ options }) => options.find(({ key }) => key === 'target')?.value ?? [])
  let directory: string | undefined = workdir
  for (const { words } of commands) {
    const [program = '', ...rest] = words
    if (program === 'cd')
      directory = isPlain(rest[0]) && directory !== undefined ? resolvePath(directory, rest[0]) : undefined
    const absolute = (path: string): string | undefined =>
      path.startsWith('/') ? resolvePath('/', path) : directory && resolvePath(directory, path)
    if (program === 'rm') {
      for (const word of rest) {
        const path = word.startsWith('-') || !/^[\w./*?~+@%:-]+$/.test(word) ? undefined : absolute(word)
        if (path !== undefined) removed.push(path)
      }
    }
    const output = outputOf(program, rest)
    const path = output === undefined ? undefined : absolute(output)
    if (path !== undefined) written.push(path)
    if (program === 'apt-get' && rest.includes('update')) written.push(APT_LISTS)
  }
  return { written: written.filter((path) => !mounts.some((mount) => isWithin(path, mount))), removed }
}

/** The file that a download ends in. */
function outputOf(program: string, rest: readonly string[]): string | undefined {
  if (program !== 'curl' && program !== 'wget') return undefined
  for (const [index, word] of rest.entries()) {
    const isFlag =
      program === 'curl' ? /^(?:--output|-[a-zA-Z]*o)$/.test(word) : /^(?:--output-document|-[a-zA-Z]*O)$/.test(word)
    const path = isFlag ? rest[index + 1] : /^--output(?:-document)?=(.*)/.exec(word)?.[1]
    if (path !== undefined) return isPlain(path) && !path.startsWith('-') ? path : undefined
  }
  return undefined
}

const isPlain = (path: string | undefined): path is string => path !== undefined && /^[\w./+@%:-]+$/.test(path)

/** Whether `rm` of a path, with a pattern in its last part at most, takes a file away. */
function covers(pattern: string, path: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern !== '/' && isWithin(path, pattern)
  const slash = pattern.lastIndexOf('/')
  const directory = pattern.slice(0, slash)
  if (/[*?]/.test(directory) || !isWithin(path, directory) || path === directory) return false
  const [name = ''] = path.slice(slash + 1).split('/')
  return namePattern(pattern.slice(slash + 1)).test(name)
}
