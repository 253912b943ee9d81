// What is in force at a point of a stage, as far as rules ask.

import { resolvePath, UNKNOWN_DIRECTORY } from '../facts/image-paths.ts'
import type { LintPlatform } from '../lint-platform.ts'
import type { Site } from '../site.ts'
import type { PlannedStage } from './plan-stages.ts'

export interface StageState {
  /** Values of ENV and ARG, in the order in which they were last set. */
  readonly env: Map<string, string>
  /** Whether the base image's own variables are among them. */
  readonly envIsKnown: boolean
  /** The names that ARG declares, whether they have a value or not. */
  readonly args: Set<string>
  readonly platform: LintPlatform
  hasShell: boolean
  /** Whether RUN's shell form goes to a POSIX shell. */
  isPosix: boolean
  /** Absolute, or from {@link UNKNOWN_DIRECTORY}. */
  workdir: string
  /** As USER or the base image says; undefined when no one has. */
  user: string | undefined
  workdirIsSet: boolean
  /** Where CMD, ENTRYPOINT and HEALTHCHECK were last seen in the stage. */
  readonly seen: Map<'CMD' | 'ENTRYPOINT' | 'HEALTHCHECK', Site>
}

/** The state that a stage starts from: that of the stage it stands on, or what its image says. */
export function startState(stage: PlannedStage, base: StageState | undefined, target: LintPlatform): StageState {
  if (base) return { ...base, env: new Map(base.env), args: new Set(base.args), seen: new Map() }
  const { image, baseName } = stage
  const state: StageState = {
    env: new Map(),
    envIsKnown: image?.env !== undefined || baseName === 'scratch',
    args: new Set(),
    platform: baseName === 'scratch' ? target : (stage.platform ?? target),
    hasShell: (image?.shell ?? []).length > 0,
    isPosix: isPosixShell(image?.shell ?? ['/bin/sh']) && !/windows|nanoserver|servercore/.test(baseName),
    workdir:
      image?.workdir === undefined
        ? baseName === 'scratch'
          ? '/'
          : UNKNOWN_DIRECTORY
        : resolvePath('/', image.workdir),
    user: image?.user,
    workdirIsSet: false,
    seen: new Map(),
  }
  for (const variable of image?.env ?? []) {
    const equals = variable.indexOf('=')
    setVariable(
      state,
      equals === -1 ? variable : variable.slice(0, equals),
      equals === -1 ? '' : variable.slice(equals + 1),
    )
  }
  // Linux images without PATH get one.
  if (!state.env.has('PATH') && state.platform.os !== 'windows') setVariable(state, 'PATH', DEFAULT_PATH)
  return state
}

/** Whether a SHELL is one that reads what POSIX says. */
export const isPosixShell = ([shell = '/bin/sh']: readonly string[]): boolean =>
  /(?:^|\/)(?:sh|bash|ash|dash|ksh|zsh)$/.test(shell)

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export function setVariable({ env }: StageState, name: string, value: string): void {
  env.delete(name)
  env.set(name, value)
}
