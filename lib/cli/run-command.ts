import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArguments } from './arguments/parse-arguments.ts'
import { UsageError } from './arguments/usage-error.ts'
import { commands, commandsOf, findCommand } from './command-list.ts'
import { COMMON_FLAGS, type CommandSpec } from './command-spec.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { reportError } from './report-error.ts'
import type { Screen, Terminal } from './terminal/terminal.ts'

/** Finds the command that the arguments name, reads the rest, runs it, and reports what it throws. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  // The last resort for errors in the command line itself: the flags aren't known yet.
  const debug = args.includes('--debug') || args.includes('-D')
  const json = args.some(
    (arg, i) => arg === '--progress=rawjson' || (arg === '--progress' && args[i + 1] === 'rawjson'),
  )
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    return await reportError(error, terminal, { debug, json })
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.length === 0) {
    await showHelp(terminal.err)
    return EXIT_CODES.usage
  }
  // What the script of `tsbuild completion` asks with.
  if (args[0] === '--get-yargs-completions') {
    const { complete } = await import('./completion/print-completions.ts')
    await complete(args)
    return EXIT_CODES.ok
  }
  const { command, group, rest, named, help } = chooseCommand(args)
  if (help || !command) return await showHelp(terminal.out, command, group)
  const parsed = parseArguments(rest, command)
  if (!parsed) return await showHelp(terminal.out, named || args.length > 1 ? command : undefined)
  if (!named) await refuseTypo(parsed.positionals[0] ?? '', terminal)
  const { run } = await command.load()
  return await run(parsed, terminal)
}

interface Choice {
  /** undefined: none was named, and help was asked for. */
  readonly command: CommandSpec | undefined
  /** Help was asked for about the commands of this first word. */
  readonly group?: string
  readonly rest: readonly string[]
  readonly named: boolean
  readonly help: boolean
}

/** The command is the first argument, or the first after flags that every command takes, or the first two; else build. */
function chooseCommand(args: readonly string[]): Choice {
  const at = firstWord(args)
  const word = args[at] ?? ''
  const others = [...args.slice(0, at), ...args.slice(at + 1)]
  if (word === 'help') return helpTopic(others)
  const command = findCommand(word)
  if (command) return { command, rest: others, named: true, help: false }
  return chooseOfGroup(word, others) ?? { command: commands[0], rest: args, named: false, help: false }
}

/** A command of two words, when the first is known; undefined if it isn't the first of one. */
function chooseOfGroup(group: string, args: readonly string[]): Choice | undefined {
  const members = commandsOf(group)
  if (members.length === 0) return undefined
  const at = firstWord(args)
  const word = args[at]
  const rest = [...args.slice(0, at), ...args.slice(at + 1)]
  const command = findCommand(`${group} ${word}`)
  if (command) return { command, rest, named: true, help: false }
  if (word === undefined || word === '--help' || word === '-h') {
    return { command: undefined, group, rest: [], named: true, help: true }
  }
  throw new UsageError('OPTION_INVALID', `there is no command ${JSON.stringify(`${group} ${word}`)}`, {
    unknown: { word, candidates: members.map(({ name }) => name.slice(group.length + 1)), prefix: `tsbuild ${group} ` },
    hint: `\`tsbuild ${group}\` lists the commands`,
  })
}

/** `tsbuild imagse` means `tsbuild images`, not to build a directory of that name. */
async function refuseTypo(word: string, terminal: Terminal): Promise<void> {
  if (!/^[a-z]+$/.test(word) || existsSync(resolve(terminal.cwd, word))) return
  const candidates = [...commands.map((command) => command.name.split(' ')[0] ?? ''), 'help', 'version']
  const { suggest } = await import('../base/suggest.ts')
  if (suggest(word, candidates) === undefined) return
  throw new UsageError('OPTION_INVALID', `${JSON.stringify(word)} is neither a command nor a directory`, {
    unknown: { word, candidates, prefix: 'tsbuild ' },
  })
}

function firstWord(args: readonly string[]): number {
  let at = 0
  for (; at < args.length; at++) {
    const flag = COMMON_FLAGS.find(
      ({ name, short }) => args[at]?.split('=')[0] === `--${name}` || args[at] === `-${short}`,
    )
    if (!flag) break
    if (flag.kind === 'value' && !args[at]?.includes('=')) at++
  }
  return at
}

function helpTopic(words: readonly string[]): Choice {
  const choice = { rest: [], named: true, help: true }
  const [first] = words
  if (first === undefined) return { command: undefined, ...choice }
  const command = findCommand(words.slice(0, 2).join(' ')) ?? findCommand(first)
  if (command) return { command, ...choice }
  if (words.length === 1 && commandsOf(first).length > 0) return { command: undefined, group: first, ...choice }
  const name = words.join(' ')
  throw new UsageError('OPTION_INVALID', `there is no command ${JSON.stringify(name)}`, {
    unknown: { word: name, candidates: commands.map((c) => c.name), prefix: '' },
    hint: '`tsbuild help` lists the commands',
  })
}

async function showHelp(screen: Screen, command?: CommandSpec, group?: string): Promise<number> {
  const { commandHelp, generalHelp, groupHelp } = await import('./help.ts')
  const view = { width: screen.isTTY ? screen.size().width : 80, color: screen.color }
  screen.write(command ? commandHelp(command, view) : group ? groupHelp(commandsOf(group), view) : generalHelp(view))
  return EXIT_CODES.ok
}
