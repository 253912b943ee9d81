import { type Edit, edit } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'
import type { LintWarning } from './emit.ts'
import { lint } from './lint.ts'
import type { LintOptions } from './lint-options.ts'

export interface FixedDockerfile {
  readonly dockerfile: Dockerfile
  /** The warnings that were fixed. Their spans are those of the text in which they were found. */
  readonly fixed: readonly LintWarning[]
}

// One pass for each edit that can overlap another's; more than that would be a fix that undoes another.
const PASSES = 5

/**
 * Applies the fixes of all warnings that have one. What remains is for {@link lint} to say.
 *
 * @example
 * ```ts
 * import { fixDockerfile, parse, stringify } from '@tsbuild/tsbuild'
 *
 * const { dockerfile, fixed } = fixDockerfile(parse('from scratch AS web\nCOPY . /\n'))
 * console.log(stringify(dockerfile).split('\n')[0], fixed.length > 0) // FROM scratch AS web true
 * ```
 */
export function fixDockerfile(dockerfile: Dockerfile, options: LintOptions = {}): FixedDockerfile {
  const fixed: LintWarning[] = []
  for (let pass = 0; pass < PASSES; pass++) {
    const { edits, warnings } = chooseFixes(lint(dockerfile, options))
    if (warnings.length === 0) break
    fixed.push(...warnings)
    dockerfile = edit(dockerfile, edits)
  }
  return { dockerfile, fixed }
}

/** Fixes that don't overlap; one that does waits for the next pass. */
function chooseFixes(warnings: readonly LintWarning[]): {
  readonly edits: readonly Edit[]
  readonly warnings: readonly LintWarning[]
} {
  const fixable = warnings.flatMap((warning) => {
    const edits = warning.fix ?? []
    const start = Math.min(...edits.map(({ span }) => span.start))
    return edits.length === 0 ? [] : { warning, edits, start, end: Math.max(...edits.map(({ span }) => span.end)) }
  })
  const chosen: typeof fixable = []
  for (const fix of fixable.sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (fix.start >= (chosen.at(-1)?.end ?? 0)) chosen.push(fix)
  }
  return { edits: chosen.flatMap(({ edits }) => edits), warnings: chosen.map(({ warning }) => warning) }
}
