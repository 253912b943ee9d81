import { docComment } from '../../parser/index.ts'
import type { Dockerfile } from '../../parser/types.ts'

/** A stage that `--target` can name. */
export interface TargetInfo {
  /** Lower-cased; undefined for a stage without a name. */
  readonly name: string | undefined
  /** Whether it is built when no target is named: the last stage. */
  readonly default: boolean
  /** The comment above its FROM that begins with its name, without the name. */
  readonly description: string | undefined
  /** As written: no variable is expanded. */
  readonly base: string
  readonly platform: string | undefined
  /** Lines of its FROM, from 1. */
  readonly startLine: number
  readonly endLine: number
}

/**
 * The stages of a Dockerfile, in order. Needs no base image and no build arg.
 *
 * @example
 * ```ts
 * import { listTargets, parse } from '@tsbuild/tsbuild'
 *
 * const targets = listTargets(parse('# build compiles\nFROM scratch AS build\nFROM scratch AS web\n'))
 * console.log(targets.map(({ name, description }) => `${name}: ${description}`).join(', '))
 * // build: compiles, web: undefined
 * ```
 */
export function listTargets({ stages }: Dockerfile): TargetInfo[] {
  return stages.map(({ name, from, index }) => ({
    name,
    default: index === stages.length - 1,
    description: name === undefined ? undefined : docComment(from.comments, name),
    base: from.image.value,
    platform: from.platform?.value,
    startLine: from.startLine,
    endLine: from.endLine,
  }))
}
