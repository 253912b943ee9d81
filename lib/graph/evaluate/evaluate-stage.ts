// Walks the instructions of one stage: words are expanded, config and history grow, filesystem changes become vertices.
import { TsbuildError, withLocation } from '../../base/errors.ts'
import { valueIn } from '../../base/shared-map.ts'
import { positionAt, type Span } from '../../base/source.ts'
import { unreachable } from '../../base/unreachable.ts'
import type { Arg, Word } from '../../parser/types.ts'
import type { CopyOp, Op, RunOp, VariableValue } from '../types.ts'
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
import { evaluateCopy } from './evaluate-copy.ts'
import { evaluateRun } from './evaluate-run.ts'
import type { EvaluationScope, StageCommand } from './evaluation.ts'
import type { Expansions } from './expand.ts'
import { instructionWords } from './instruction-words.ts'
import { joinWorkdir, workdirPath } from './paths.ts'
import { commit, ensurePath, type StageState, takeScope, variableOf } from './stage-state.ts'

export function evaluateStage(state: StageState, commands: readonly StageCommand[], scope: EvaluationScope): void {
  ensurePath(state)
  if (state.config.WorkingDir)
    state.config.WorkingDir = joinWorkdir('', state.config.WorkingDir, state.imagePlatform.os)
  for (const command of commands) {
    try {
      const before = state.filesystem
      const inForce = takeScope(state)
      const expansions: Expansions = { words: new Map(), used: new Set(), unset: new Set() }
      evaluate(state, command, scope, expansions)
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
    } catch (error) {
      throw withLocation(error, command.location)
    }
  }
}

function evaluate(state: StageState, command: StageCommand, scope: EvaluationScope, expansions: Expansions): void {
  const { instruction, expander } = command
  const env = (name: string): string | undefined => variableOf(state, name)
  const word = (w: Word): string => expander.word(w, env, expansions)
  const step = (op: Op, inputs: readonly string[]): string => {
    const { onBuild, location } = command
    const name = scope.stepName(stepText(command, state), { onBuild, env })
    return scope.builder.step(op, inputs, name, scope.stage, location.span)
  }
  switch (instruction.kind) {
    case 'ENV':
      evaluateEnv(state, instruction, word)
      break
    case 'LABEL':
      evaluateLabel(state, instruction, word)
      break
    case 'ARG':
      evaluateArg(state, instruction, word, scope)
      break
    case 'EXPOSE':
      evaluateExpose(state, instruction, (w) => expander.words(w, env, expansions))
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
      const workdir = workdirPath(state.config.WorkingDir ?? '', state.imagePlatform.os)
      const body = (w: Word): string => expander.body(w, env, expansions)
      const { op: written, text } = evaluateCopy(instruction, { word, body, workdir })
      const op = command.onBuild ? placedAt(command.location.span, written) : written
      const from = instruction.kind === 'COPY' ? instruction.from : undefined
      const needsSource = from !== undefined || op.sources.some((source) => source.kind === 'path')
      const source = from ? scope.source(from) : scope.builder.context('context')
      state.filesystem = step(op, needsSource ? [state.filesystem, source] : [state.filesystem])
      commit(state, `${text} # buildkit`, state.filesystem)
      break
    }
    case 'RUN': {
      const { op, text } = evaluateRun(state, instruction, command, expansions, scope.buildArgs)
      state.filesystem = step(op, [state.filesystem, ...mountSources(op, instruction.span, scope)])
      commit(state, text, state.filesystem)
      break
    }
    default:
      unreachable(instruction)
  }
}

/** A trigger's words have no place in the Dockerfile: what is wrong with them is shown at the FROM that fires it. */
function placedAt(span: Span, op: CopyOp): CopyOp {
  return { ...op, sources: op.sources.map((source) => ({ ...source, span })) }
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

/** The instruction as progress shows it: on one line, keyword in capitals, variables replaced; in a RUN those that the build knows. */
function stepText({ instruction, expander }: StageCommand, state: StageState): string {
  const line = instruction.original.trim()
  const span: Span = instruction.span
  let text = line
  try {
    const expand = instruction.kind === 'RUN' ? expander.command : expander.word
    text = expand({ value: line, span }, (name) => variableOf(state, name))
  } catch (error) {
    // Only a label: a line that cannot be expanded as one word (an odd quote in a RUN, say) is shown as it is.
    if (!(error instanceof TsbuildError)) throw error
  }
  return text.replace(/^\S+/, (keyword) => keyword.toUpperCase())
}
