// Answers the requests of the script from `tsbuild completion`.
import type { Argv } from 'yargs'
import { commands, commandsOf } from '../command-list.ts'
import { COMMON_FLAGS, type CommandSpec, type FlagSpec } from '../command-spec.ts'
import { completionParser } from './completion-parser.ts'

/** Prints the possible completions of the last word of a command line. */
export async function complete(words: readonly string[]): Promise<void> {
  const parser = completionParser(words)
  const [build] = commands
  addFlags(parser, build.flags)
  const groups = new Set<string>()
  for (const command of commands) {
    const [word = '', ...rest] = command.name.split(' ')
    if (rest.length > 0) groups.add(word)
    else addCommand(parser, word, command)
  }
  for (const group of groups) {
    const start = group.length + 1
    const members = commandsOf(group).map((command) => ({ command, word: command.name.slice(start) }))
    parser.command(group, members.map(({ word }) => word).join(', '), (own) => {
      for (const { command, word } of members) addCommand(own, word, command)
    })
  }
  await parser.parseAsync()
}

function addCommand(parser: Argv, word: string, { summary, flags }: CommandSpec): void {
  parser.command(word, summary, (own) => addFlags(own, [...flags, ...COMMON_FLAGS]))
}

function addFlags(parser: Argv, flags: readonly FlagSpec[]): void {
  for (const { name, kind, summary, choices } of flags) {
    const type = kind === 'switch' ? 'boolean' : 'string'
    parser.option(name, { type, describe: summary, global: false, ...(choices && { choices }) })
  }
}
