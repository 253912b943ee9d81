import { valueIn } from '../../base/shared-map.ts'
import { unreachable } from '../../base/unreachable.ts'
import type { Add, Copy, From, Instruction, KeyValue, Word } from '../../parser/types.ts'
import { argv } from './evaluate-config.ts'
import { runArgs } from './evaluate-run.ts'
import type { Expansions } from './expand.ts'
import type { StageState } from './stage-state.ts'

/**
 * An instruction's words as evaluation understood them, in the order in which they are written: flags, then
 * arguments. Pairs are `name=value`; commands are what gets executed, with the shell before a shell form;
 * heredocs are shown by their names.
 */
export function instructionWords(
  instruction: Exclude<Instruction, From>,
  state: StageState,
  expansions: Expansions,
): readonly string[] {
  const all = (word: Word): readonly string[] => expansions.words.get(word) ?? [word.value]
  const one = (word: Word): string => all(word).join(' ')
  const pair = ({ key, value }: KeyValue): string => `${one(key)}=${one(value)}`
  switch (instruction.kind) {
    case 'ENV':
    case 'LABEL':
      return instruction.pairs.map(pair)
    case 'ARG':
      return instruction.args.map(({ name }) => assignment(name.value, valueIn(state.args, name.value)))
    case 'COPY':
    case 'ADD':
      return [...copyFlags(instruction, one), ...copyArguments(instruction, one)]
    case 'RUN':
      return [...flagsAsWritten(instruction), ...runArgs(state, instruction)]
    case 'CMD':
    case 'ENTRYPOINT':
      return argv(state, instruction.command)
    case 'HEALTHCHECK':
      return [...flagsAsWritten(instruction), ...(state.config.Healthcheck?.Test ?? [])]
    case 'SHELL':
      return instruction.args.map(one)
    case 'EXPOSE':
      return instruction.ports.flatMap(all)
    case 'VOLUME':
      return instruction.paths.map(one)
    case 'USER':
      return [one(instruction.user)]
    case 'WORKDIR':
      return [one(instruction.path)]
    case 'STOPSIGNAL':
      return [one(instruction.signal)]
    case 'MAINTAINER':
      return [instruction.name.value]
    case 'ONBUILD':
      return [instruction.expression]
    default:
      return unreachable(instruction)
  }
}

const assignment = (name: string, value: string | undefined): string =>
  value === undefined ? name : `${name}=${value}`

const flagsAsWritten = ({ flags }: Instruction): string[] =>
  flags.map(({ name, value }) => `--${assignment(name, value)}`)

function copyFlags(instruction: Copy | Add, one: (word: Word) => string): string[] {
  const expanded = [instruction.chown, instruction.chmod].filter((word) => word !== undefined)
  return instruction.flags.map(({ name, value, valueSpan }) => {
    const word = expanded.find(({ span }) => span.start === valueSpan?.start)
    return `--${assignment(name, word ? one(word) : value)}`
  })
}

function copyArguments({ sources, destination }: Copy | Add, one: (word: Word) => string): string[] {
  const shown = sources.map((source) => (source.kind === 'path' ? one(source.path) : `<<${source.heredoc.name}`))
  return [...shown, one(destination)]
}
