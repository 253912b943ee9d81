import { TsbuildError } from '../../base/errors.ts'
import { unreachable } from '../../base/unreachable.ts'
import { resolveMount } from '../../parser/index.ts'
import type { Arg, CommandLine, Env, Label, Run, Volume, Word, Workdir } from '../../parser/types.ts'
import { resolvePath } from '../facts/image-paths.ts'
import { evaluateCopy } from './evaluate-copy.ts'
import { evaluateExpose } from './evaluate-expose.ts'
import { type Evaluation, emit, expandChecked, NOT_IN_ENV } from './evaluation.ts'
import { type Command, stageOfMount } from './plan-stages.ts'
import { refuseLater } from './refuse-later.ts'
import { isPosixShell, setVariable } from './stage-state.ts'

/** Evaluates an instruction as far as rules can tell. Errors as a build would, with or without a place. */
export function evaluateInstruction(evaluation: Evaluation, instruction: Command['instruction']): void {
  const { state } = evaluation
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL':
      evaluatePairs(evaluation, instruction)
      break
    case 'ARG':
      evaluateArg(evaluation, instruction)
      break
    case 'RUN':
      evaluateMounts(evaluation, instruction)
      break
    case 'COPY':
    case 'ADD':
      evaluateCopy(evaluation, instruction)
      break
    case 'WORKDIR':
      evaluateWorkdir(evaluation, instruction)
      break
    case 'EXPOSE':
      evaluateExpose(evaluation, instruction)
      break
    case 'VOLUME':
      evaluateVolume(evaluation, instruction)
      break
    case 'USER':
      state.user = expandChecked(evaluation, instruction.user)
      break
    case 'STOPSIGNAL':
      expandChecked(evaluation, instruction.signal)
      break
    case 'SHELL':
      state.hasShell = instruction.args.length > 0
      state.isPosix = isPosixShell(instruction.args.map(({ value }) => value))
      break
    case 'HEALTHCHECK':
      noteOnce(evaluation, instruction)
      break
    case 'CMD':
    case 'ENTRYPOINT':
      evaluateCommand(evaluation, instruction)
      break
    case 'MAINTAINER':
    case 'ONBUILD':
      break
    default:
      unreachable(instruction)
  }
}

function evaluatePairs(evaluation: Evaluation, { kind, keyword, pairs }: Env | Label): void {
  // All words see the values from before the instruction.
  const expanded = pairs.map((pair) => ({
    pair,
    name: expandChecked(evaluation, pair.key),
    value: expandChecked(evaluation, pair.value),
  }))
  const { text } = evaluation.walk.dockerfile.file
  for (const { pair, name, value } of expanded) {
    emit(evaluation, 'pair', { keyword, pair, text })
    if (kind !== 'ENV') continue
    emit(evaluation, 'variable', { instruction: 'ENV', name, word: pair.key })
    setVariable(evaluation.state, name, value)
  }
}

function evaluateArg(evaluation: Evaluation, { args }: Arg): void {
  const { state, walk, globalScope } = evaluation
  const buildArgs = walk.options.buildArgs ?? {}
  for (const { name: word, defaultValue } of args) {
    const { value: name } = word
    emit(evaluation, 'variable', { instruction: 'ARG', name, word })
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined
    const value = given ?? (defaultValue ? expandChecked(evaluation, defaultValue) : globalScope.get(name))
    if (value !== undefined && !NOT_IN_ENV.has(name)) setVariable(state, name, value)
    state.args.add(name)
  }
}

function evaluateMounts(evaluation: Evaluation, { mounts }: Run): void {
  for (const mount of mounts) {
    const { from } = resolveMount(mount, (value) => expandChecked(evaluation, { value, span: mount.span }))
    refuseLater(evaluation, stageOfMount(evaluation.walk, from), from)
  }
}

function evaluateWorkdir(evaluation: Evaluation, { path: word }: Workdir): void {
  const { state } = evaluation
  const path = expandChecked(evaluation, word)
  const isAbsolute = state.platform.os === 'windows' ? /^(?:[cC]:)?[\\/]/.test(path) : path.startsWith('/')
  emit(evaluation, 'workdir', { path, word, isAbsolute, isFirst: !state.workdirIsSet })
  state.workdirIsSet = true
  state.workdir = resolvePath(state.workdir, path)
}

function evaluateVolume(evaluation: Evaluation, { paths }: Volume): void {
  if (paths.map((path) => expandChecked(evaluation, path)).includes('')) {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'a VOLUME path is empty after expansion')
  }
}

interface CommandInstruction {
  readonly kind: 'CMD' | 'ENTRYPOINT'
  readonly keyword: Word
  readonly command: CommandLine
}

function evaluateCommand(evaluation: Evaluation, instruction: CommandInstruction): void {
  noteOnce(evaluation, instruction)
  const isShellForm = instruction.command.form === 'shell'
  if (isShellForm && !evaluation.state.hasShell) emit(evaluation, 'defaultShell', { keyword: instruction.keyword })
}

/** The one that came before is the one to report: it is void. */
function noteOnce(
  { walk, state, site }: Evaluation,
  { kind, keyword }: { readonly kind: 'CMD' | 'ENTRYPOINT' | 'HEALTHCHECK'; readonly keyword: Word },
): void {
  const earlier = state.seen.get(kind)
  if (earlier) walk.emit('overridden', { keyword }, { ...earlier, check: site.check })
  state.seen.set(kind, site)
}
