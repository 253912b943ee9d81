// Instructions that change the image config only. They make no layer.
import { TsbuildError } from '../../base/errors.ts'
import type { Healthcheck as HealthcheckConfig } from '../../oci/types.ts'
import type { Arg, CommandLine, Env, Expose, Healthcheck, Label, Volume, Word } from '../../parser/types.ts'
import type { EvaluationScope } from './evaluation.ts'
import { exposedPorts, parsePort } from './exposed-ports.ts'
import { givenArg } from './global-args.ts'
import { goDuration, goList, goQuoteList } from './go-format.ts'
import type { InstructionObserver } from './observer.ts'
import { addTo, commit, type StageState, setArg, setEnv } from './stage-state.ts'
import { checkStopSignal } from './stop-signal.ts'

type ExpandWord = (word: Word) => string

interface ArgScope extends Pick<EvaluationScope, 'buildArgs' | 'globalArgs'> {
  readonly observer: InstructionObserver | undefined
}

export function evaluateEnv(state: StageState, instruction: Env, expand: ExpandWord): void {
  // All words see the values from before the instruction.
  const pairs = instruction.pairs.map(({ key, value }) => [expand(key), expand(value)] as const)
  for (const [key, value] of pairs) setEnv(state, key, value)
  commit(state, `ENV${pairs.map(([key, value]) => ` ${key}=${value}`).join('')}`)
}

export function evaluateLabel(state: StageState, instruction: Label, expand: ExpandWord): void {
  const pairs = instruction.pairs.map(({ key, value }) => [expand(key), expand(value)] as const)
  for (const [key, value] of pairs) addTo(state, 'Labels', key, value)
  commit(state, `LABEL${pairs.map(([key, value]) => ` ${key}=${value}`).join('')}`)
}

export function evaluateArg(
  state: StageState,
  instruction: Arg,
  expand: ExpandWord,
  { buildArgs, globalArgs, observer }: ArgScope,
): void {
  const texts = instruction.args.map(({ name, defaultValue }) => {
    const key = name.value
    observer?.argument(name)
    const value = givenArg(buildArgs, key) ?? (defaultValue ? expand(defaultValue) : globalArgs.get(key))
    setArg(state, key, value)
    return value === undefined ? key : `${key}=${value}`
  })
  commit(state, `ARG ${texts.join(' ')}`)
}

export function evaluateExpose(
  state: StageState,
  instruction: Expose,
  expandWords: (word: Word) => readonly string[],
  observer: InstructionObserver | undefined,
): void {
  // Docker sorts the words as they are written.
  const words = instruction.ports.toSorted((a, b) => (a.value < b.value ? -1 : 1))
  const texts = words.flatMap((word) => expandWords(word).map((text) => ({ word, text })))
  const ports = texts.flatMap(({ word, text }) => {
    const port = parsePort(text)
    observer?.port(port, word)
    return exposedPorts(port)
  })
  for (const port of ports) addTo(state, 'ExposedPorts', port, {})
  commit(state, `EXPOSE ${goList(ports)}`)
}

export function evaluateVolume(state: StageState, instruction: Volume, expand: ExpandWord): void {
  const paths = instruction.paths.map(expand)
  if (paths.includes('')) {
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'a VOLUME path is empty after expansion', {
      hint: 'name a path in the image, e.g. VOLUME /data',
    })
  }
  for (const path of paths) addTo(state, 'Volumes', path, {})
  commit(state, `VOLUME ${goList(paths)}`)
}

export function evaluateUser(state: StageState, user: string): void {
  state.config.User = user
  commit(state, `USER ${user}`)
}

export function evaluateStopSignal(state: StageState, signal: string): void {
  checkStopSignal(signal)
  state.config.StopSignal = signal
  commit(state, `STOPSIGNAL ${signal}`)
}

export function evaluateShell(state: StageState, args: readonly string[]): void {
  state.config.Shell = args
  commit(state, `SHELL ${goList(args)}`)
}

export function evaluateCmd(state: StageState, command: CommandLine): void {
  const args = argv(state, command)
  state.config.Cmd = args
  state.config.ArgsEscaped = true
  state.cmdIsSet = true
  commit(state, `CMD ${goQuoteList(args)}`)
}

/**
 * ENTRYPOINT clears a CMD that was inherited, since that was meant for the old entry point, but not one of this
 * stage.
 */
export function evaluateEntrypoint(state: StageState, command: CommandLine): void {
  const args = argv(state, command)
  state.config.Entrypoint = args
  if (!state.cmdIsSet) delete state.config.Cmd
  commit(state, `ENTRYPOINT ${goQuoteList(args)}`)
}

export function evaluateHealthcheck(state: StageState, instruction: Healthcheck): void {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction
  const test =
    command === undefined
      ? ['NONE']
      : command.form === 'exec'
        ? ['CMD', ...command.args.map((arg) => arg.value)]
        : ['CMD-SHELL', command.command.value]
  const config: HealthcheckConfig = {
    Test: test,
    ...(interval && { Interval: interval }),
    ...(timeout && { Timeout: timeout }),
    ...(startPeriod && { StartPeriod: startPeriod }),
    ...(startInterval && { StartInterval: startInterval }),
    ...(retries && { Retries: retries }),
  }
  state.config.Healthcheck = config
  const durations = [
    ['Interval', interval],
    ['Timeout', timeout],
    ['StartPeriod', startPeriod],
    ['StartInterval', startInterval],
  ] as const
  const times = durations.map(([name, value]) => `${name}:${goDuration(value)}`).join(' ')
  commit(state, `HEALTHCHECK {Test:${goList(test)} ${times} Retries:${retries}}`)
}

/** The words to execute: exec form as it is, shell form through the shell in force. */
export function argv(state: StageState, command: CommandLine): string[] {
  if (command.form === 'exec') return command.args.map((arg) => arg.value)
  return [...shellOf(state), command.command.value]
}

/** The shell that shell forms run in. */
export function shellOf(state: StageState): readonly string[] {
  const { Shell } = state.config
  if (Shell && Shell.length > 0) return Shell
  return state.imagePlatform.os === 'windows' ? ['cmd', '/S', '/C'] : ['/bin/sh', '-c']
}
