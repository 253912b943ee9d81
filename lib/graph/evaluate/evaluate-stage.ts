// Walks the instructions of one stage: words are expanded, config and history grow, filesystem changes become
// vertices.
import { TsbuildError, withLocation } from '../../base/errors.ts'
import { valueIn } from '../../base/shared-map.ts'
import { positionAt, type Span } from '../../base/source.ts'
import { unreachable } from '../../base/unreachable.ts'
import type { Expanded } from '../../parser/index.ts'
import type { Arg, Word } from '../../parser/types.ts'
import type { Op, RunOp, VariableValue } from '../types.ts'
import {
  evaluateArg,
  evaluateCmd,
  evaluateEntrypoint,
  evaluateEnv,
  evaluateExpose,
  evaluateHealthcheck,
  evaluateLabel,
  evaluateShell,
  evaluateStopSignal,
  evaluateUser,
  evaluateVolume,
} from './evaluate-config.ts'
import { evaluateCopy, expandCopy } from './evaluate-copy.ts'
import { evaluateRun } from './evaluate-run.ts'
import type { EvaluationScope } from './evaluation.ts'
import { type Expansions, noExpansions, noteExpansion } from './expand.ts'
import { instructionWords } from './instruction-words.ts'
import type { InstructionObserver } from './observer.ts'
import type { StageCommand } from './stage-command.ts'
import { commit, ensurePath, type StageState, takeScope, variableOf } from './stage-state.ts'
import { joinWorkdir, workdirPath } from './workdir-paths.ts'

/** Evaluates the commands in order and changes the state. Errors are located at the command. */
export function evaluateStage(state: StageState, commands: readonly StageCommand[], scope: EvaluationScope): void {
  ensurePath(state)
  if (state.config.WorkingDir)
    state.config.WorkingDir = joinWorkdir('', state.config.WorkingDir, state.imagePlatform.os)
  for (const command of commands) {
    try {
      const before = state.filesystem
      const inForce = takeScope(state)
      const expansions = noExpansions()
      const observer = scope.observer?.instruction(command)
      evaluate(state, command, scope, { expansions, observer })
      state.instructions.push({
        kind: command.instruction.kind,
        text: command.instruction.original,
        line: lineOf(command),
        onBuild: command.onBuild,
        words: instructionWords(command.instruction, state, expansions),
        args: command.instruction.kind === 'ARG' ? argValues(command.instruction, state) : [],
        used: [...expansions.used].sort(),
        unset: [...expansions.unset].sort(),
        scope: inForce,
        vertex: state.filesystem === before ? undefined : state.filesystem,
      })
      observer?.end(expansions)
    } catch (error) {
      throw withLocation(error, command.location)
    }
  }
}

interface Notes {
  readonly expansions: Expansions
  readonly observer: InstructionObserver | undefined
}

function evaluate(
  state: StageState,
  command: StageCommand,
  scope: EvaluationScope,
  { expansions, observer }: Notes,
): void {
  const { instruction, expander, locate } = command
  const env = (name: string): string | undefined => variableOf(state, name)
  const note = (w: Word, expanded: Expanded<string>): string => {
    noteExpansion(expansions, w, expanded)
    observer?.word(w, expanded)
    return expanded.value
  }
  const word = (w: Word): string => note(w, expander.word(w, env))
  const words = (w: Word): readonly string[] => {
    const expanded = expander.words(w, env)
    noteExpansion(expansions, w, expanded)
    return expanded.value
  }
  const step = (op: Op, inputs: readonly string[]): string => {
    const { onBuild, location } = command
    const name = scope.stepName(stepText(command, state), { onBuild, env })
    return scope.builder.step({ op, inputs, name, stage: scope.stage, span: location.span })
  }
  switch (instruction.kind) {
    case 'ENV':
      evaluateEnv(state, instruction, word)
      break
    case 'LABEL':
      evaluateLabel(state, instruction, word)
      break
    case 'ARG':
      evaluateArg(state, instruction, word, { ...scope, observer })
      break
    case 'EXPOSE':
      evaluateExpose(state, instruction, words, observer)
      break
    case 'VOLUME':
      evaluateVolume(state, instruction, word)
      break
    case 'USER':
      evaluateUser(state, word(instruction.user))
      break
    case 'STOPSIGNAL':
      evaluateStopSignal(state, word(instruction.signal))
      break
    case 'SHELL':
      evaluateShell(
        state,
        instruction.args.map((arg) => arg.value),
      )
      break
    case 'CMD':
      evaluateCmd(state, instruction.command)
      break
    case 'ENTRYPOINT':
      evaluateEntrypoint(state, instruction.command)
      break
    case 'HEALTHCHECK':
      evaluateHealthcheck(state, instruction)
      break
    case 'MAINTAINER':
      state.author = instruction.name.value
      commit(state, `MAINTAINER ${instruction.name.value}`)
      break
    case 'ONBUILD':
      state.onBuild.push(instruction.expression)
      break
    case 'WORKDIR': {
      const { os } = state.imagePlatform
      const workdir = joinWorkdir(state.config.WorkingDir ?? '', word(instruction.path), os)
      const path = workdirPath(workdir, os)
      state.config.WorkingDir = workdir
      const op: Op = { kind: 'workdir', path, user: state.config.User ?? '' }
      const changed = path === '/' ? undefined : step(op, [state.filesystem])
      state.filesystem = changed ?? state.filesystem
      commit(state, `WORKDIR ${os === 'windows' ? workdir.replaceAll('\\', '/') : workdir}`, changed)
      break
    }
    case 'COPY':
    case 'ADD': {
      const expanded = expandCopy(instruction, { word, body: (w) => note(w, expander.body(w, env)) })
      const from = instruction.kind === 'COPY' ? instruction.from : undefined
      const source = from ? scope.source(from) : scope.builder.context('context')
      const { op, text } = evaluateCopy(instruction, expanded, {
        workdir: workdirPath(state.config.WorkingDir ?? '', state.imagePlatform.os),
        locate,
        onPath: (path, w) => observer?.source(path, w),
      })
      const needsSource = from !== undefined || op.sources.some(({ kind }) => kind === 'path')
      state.filesystem = step(op, needsSource ? [state.filesystem, source] : [state.filesystem])
      commit(state, `${text} # buildkit`, state.filesystem)
      break
    }
    case 'RUN': {
      const { op, text } = evaluateRun(state, instruction, { expand: word, buildArgs: scope.buildArgs, locate })
      state.filesystem = step(op, [state.filesystem, ...mountSources(op, instruction.span, scope)])
      commit(state, text, state.filesystem)
      break
    }
    default:
      unreachable(instruction)
  }
}

/** Triggers have no line of their own. */
function lineOf({ instruction, location, onBuild }: StageCommand): number {
  return onBuild ? positionAt(location.file.text, location.span.start).line : instruction.startLine
}

function argValues({ args }: Arg, state: StageState): VariableValue[] {
  return args.map(({ name }) => ({ name: name.value, value: valueIn(state.args, name.value) }))
}

function mountSources({ mounts }: RunOp, span: Span, scope: EvaluationScope): string[] {
  return mounts.flatMap(({ type, from }) => {
    if (from !== '') return scope.source({ value: from, span })
    return type === 'bind' ? scope.builder.context('context') : []
  })
}

/**
 * The instruction as progress shows it: on one line, keyword in capitals, variables replaced; in a RUN those
 * that the build knows.
 */
function stepText({ instruction, expander }: StageCommand, state: StageState): string {
  const line = instruction.original.trim()
  const span: Span = instruction.span
  let text = line
  try {
    const expand = instruction.kind === 'RUN' ? expander.command : expander.word
    text = expand({ value: line, span }, (name) => variableOf(state, name)).value
  } catch (error) {
    // Only a label: a line that cannot be expanded as one word (an odd quote in a RUN, say) is shown as it is.
    if (!(error instanceof TsbuildError)) throw error
  }
  return text.replace(/^\S+/, (keyword) => keyword.toUpperCase())
}
