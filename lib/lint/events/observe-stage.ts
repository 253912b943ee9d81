import { goClean } from '../../base/paths.ts'
import { entriesOf, hasKey } from '../../base/shared-map.ts'
import type { Expansions } from '../../graph/evaluate/expand.ts'
import type { InstructionObserver, StageObserver } from '../../graph/evaluate/observer.ts'
import type { StageCommand } from '../../graph/evaluate/stage-command.ts'
import { BUILDER_ARGS, type StageState } from '../../graph/evaluate/stage-state.ts'
import type { LinkedStage } from '../../graph/linked-stage.ts'
import type { Platform } from '../../oci/types.ts'
import type { Expanded } from '../../parser/index.ts'
import type { Word } from '../../parser/types.ts'
import { withComments } from '../check-options.ts'
import { resolvePath, UNKNOWN_DIRECTORY } from '../facts/image-paths.ts'
import type { LintIgnore } from '../lint-options.ts'
import type { LintRun } from '../lint-run.ts'
import type { Events } from '../rule.ts'
import { type Site, siteOf } from '../site.ts'
import type { Step } from '../step.ts'
import { commentTexts } from './instruction-text.ts'
import { recordStep } from './record-step.ts'

/** The facts about a stage that only rules ask for. */
export interface StageMemory {
  /** Absolute, or from {@link UNKNOWN_DIRECTORY}. */
  workdir: string
  workdirIsSet: boolean
  /** Whether shell forms run in a shell of Windows, unless SHELL says otherwise. */
  readonly isWindows: boolean
  /** The last CMD, ENTRYPOINT and HEALTHCHECK of the stage. */
  readonly seen: Map<OnceKind, Site>
}

type OnceKind = 'CMD' | 'ENTRYPOINT' | 'HEALTHCHECK'

/** `below` is the memory of the stage that this one stands on. */
export function createStageMemory(
  { baseName }: LinkedStage,
  { config, imagePlatform }: StageState,
  below: StageMemory | undefined,
): StageMemory {
  if (below) return { ...below, seen: new Map() }
  const { WorkingDir } = config
  return {
    workdir: WorkingDir === undefined ? UNKNOWN_DIRECTORY : resolvePath('/', WorkingDir),
    workdirIsSet: false,
    isWindows: imagePlatform.os === 'windows' || /windows|nanoserver|servercore/.test(baseName),
    seen: new Map(),
  }
}

export interface StageRun {
  readonly run: LintRun
  readonly linked: LinkedStage
  readonly platform: Platform
  readonly state: StageState
  readonly memory: StageMemory
  readonly isLast: boolean
  readonly isShipped: boolean
}

export function observeStage(stage: StageRun): StageObserver {
  const { run, linked, state, platform, isLast, isShipped } = stage
  const steps: Step[] = []
  return {
    instruction: (command) => observeInstruction(stage, command, steps),
    end: () => {
      if (!run.hasOwnRules) return
      const { check, dockerfile, options, emit } = run
      const { base, baseName, stage: written } = linked
      const { text } = dockerfile.file
      const { from } = written
      emit(
        'stage',
        {
          stage: written,
          site: siteOf(from, withComments(check, commentTexts(from, text))),
          base: base.kind === 'stage' ? base.index : undefined,
          baseName,
          image: base.kind === 'name' ? options.baseImage?.(baseName, linked.platform ?? platform) : undefined,
          steps,
          user: state.config.User,
          isShipped,
          isLast,
          context: options.context,
          hasIgnoreFile: options.ignore !== undefined,
          text,
        },
        siteOf(from, check),
      )
    },
  }
}

function observeInstruction(stage: StageRun, command: StageCommand, steps: Step[]): InstructionObserver {
  const { run, state, linked } = stage
  const { instruction } = command
  const site = siteOfCommand(run, linked, command)
  const emit = <Kind extends keyof Events>(kind: Kind, event: Events[Kind]): void => run.emit(kind, event, site)
  return {
    word: (word, expansion) => emitUnset(emit, state, word, expansion),
    argument: (word) => emit('variable', { instruction: 'ARG', name: word.value, word }),
    port: ({ text, ip, hostPort, protocol }, word) =>
      emit('port', { text, host: ip === '' ? hostPort : `${ip}:${hostPort}`, protocol, word }),
    source: (written, word) => {
      if (instruction.kind !== 'ADD' && (instruction.kind !== 'COPY' || instruction.from)) return
      const { ignore } = run.options
      const path = goClean(written)
      const isIgnored = ignore !== undefined && ignores(ignore, path)
      emit('source', { instruction: instruction.kind, path, word, isIgnored })
    },
    end: (expansions) => {
      emitEvaluated(stage, command, site, expansions)
      if (!run.hasOwnRules) return
      const { workdir, isWindows } = stage.memory
      const recorded = { run, state, baseName: linked.baseName, workdir, isWindows }
      steps.push(recordStep(recorded, instruction, site, (word) => expandedText(expansions, word)))
    },
  }
}

/** A trigger is reported at FROM, where the text of its words is not to be found. */
function siteOfCommand({ check, dockerfile }: LintRun, { stage }: LinkedStage, command: StageCommand): Site {
  if (command.onBuild) return { ...siteOf(stage.from, check), isWritten: false }
  const { instruction } = command
  return siteOf(instruction, withComments(check, commentTexts(instruction, dockerfile.file.text)))
}

type EmitHere = <Kind extends keyof Events>(kind: Kind, event: Events[Kind]) => void

/** Emits the variables of a word that nothing has defined, unless the base image may have. */
function emitUnset(emit: EmitHere, state: StageState, word: Word, { unset }: Expanded<string>): void {
  const names = [...unset].filter((name) => !hasKey(state.args, name) && !BUILDER_ARGS.has(name))
  if (names.length === 0 || state.unknownBase !== undefined) return
  emit('word', { word, unset: names, known: entriesOf(state.env).map(([name]) => name) })
}

/** Whether the ignore file hides a path. Patterns with `!` hide nothing for sure: a directory may hold exceptions. */
function ignores(ignore: LintIgnore, path: string): boolean {
  const { patterns } = ignore
  if (patterns.some((pattern) => pattern.startsWith('!'))) return false
  const isRoot = path === '.' || path === '/'
  const hidesAll = patterns.some((pattern) => pattern === '*' || pattern === '**' || pattern === '**/*')
  return (!isRoot || hidesAll) && ignore.matches(path)
}

/** Emits the events of an instruction that was evaluated, and remembers what later instructions are compared with. */
function emitEvaluated(
  { run, state, memory }: StageRun,
  { instruction }: StageCommand,
  site: Site,
  expansions: Expansions,
): void {
  const emit: EmitHere = (kind, event) => run.emit(kind, event, site)
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL': {
      const { keyword, pairs } = instruction
      const { text } = run.dockerfile.file
      for (const pair of pairs) {
        emit('pair', { keyword, pair, text })
        if (instruction.kind === 'LABEL') continue
        emit('variable', { instruction: 'ENV', name: expandedText(expansions, pair.key), word: pair.key })
      }
      break
    }
    case 'WORKDIR': {
      const word = instruction.path
      const path = expandedText(expansions, word)
      const isAbsolute = state.platform.os === 'windows' ? /^(?:[cC]:)?[\\/]/.test(path) : path.startsWith('/')
      emit('workdir', { path, word, isAbsolute, isFirst: !memory.workdirIsSet })
      memory.workdirIsSet = true
      memory.workdir = resolvePath(memory.workdir, path)
      break
    }
    case 'HEALTHCHECK':
    case 'CMD':
    case 'ENTRYPOINT': {
      const { kind, keyword } = instruction
      // The earlier one is reported: it has no effect.
      const earlier = memory.seen.get(kind)
      if (earlier) run.emit('overridden', { keyword }, { ...earlier, check: site.check })
      memory.seen.set(kind, site)
      if (kind === 'HEALTHCHECK' || instruction.command?.form !== 'shell') break
      if ((state.config.Shell ?? []).length === 0) emit('defaultShell', { keyword })
      break
    }
  }
}

/** A word after its expansion. */
function expandedText({ words }: Expansions, word: Word): string {
  return (words.get(word) ?? [word.value]).join(' ')
}
