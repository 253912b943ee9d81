import type { Expanded } from '../../parser/index.ts'
import type { Word } from '../../parser/types.ts'
import type { Events } from '../rule.ts'
import type { Site } from '../site.ts'
import type { StageState } from './stage-state.ts'
import { expand, type Variables, type Walk } from './walk.ts'

/** An instruction's evaluation: the state that it changes, and where its events go. */
export interface Evaluation {
  readonly walk: Walk
  /** The stage that is evaluated. */
  readonly index: number
  readonly state: StageState
  readonly globalScope: Variables
  readonly site: Site
}

export function emit<Kind extends keyof Events>({ walk, site }: Evaluation, kind: Kind, event: Events[Kind]): void {
  walk.emit(kind, event, site)
}

/** Expands a word, and tells the rules which variables it uses that no one has defined. */
export function expandChecked(evaluation: Evaluation, word: Word): string {
  return reportUnset(evaluation, word, expand(evaluation.walk, word, evaluation.state.env))
}

export function reportUnset(evaluation: Evaluation, word: Word, { value, unset }: Expanded<string>): string {
  const { env, envIsKnown, args } = evaluation.state
  const undefinedNames = [...unset].filter((name) => !args.has(name) && !NOT_IN_ENV.has(name))
  if (envIsKnown && undefinedNames.length > 0) {
    emit(evaluation, 'word', { word, unset: undefinedNames, known: [...env.keys()] })
  }
  return value
}

/** ARGs that steer BuildKit itself and are no variables of the build. */
export const NOT_IN_ENV: ReadonlySet<string> = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'])
