import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type CommandSpec, commonFlags } from './command.ts'
import { commands, findCommand } from './commands.ts'
import { exitCodes } from './exit-codes.ts'
import { parseArguments } from './parse-arguments.ts'
import { reportError } from './report-error.ts'
import type { Screen, Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

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
    return exitCodes.usage
  }
  const { command, rest, named, help } = chooseCommand(args)
  if (help || !command) return await showHelp(terminal.out, command)
  const parsed = await parseArguments(rest, command)
  if (!parsed) return await showHelp(terminal.out, named || args.length > 1 ? command : undefined)
  if (!named) await refuseTypo(parsed.positionals[0] ?? '', terminal)
  const { run } = await command.load()
  return await run(parsed, terminal)
}

interface Choice {
  /** undefined: none was named, and help was asked for. */
  readonly command: CommandSpec | undefined
  readonly rest: readonly string[]
  readonly named: boolean
  readonly help: boolean
}

/** The command is the first argument, or the first after flags that every command takes; else build. */
function chooseCommand(args: readonly string[]): Choice {
  const at = firstWord(args)
  const word = args[at]
  if (word === 'help') {
    const [name] = [...args.slice(0, at), ...args.slice(at + 1)]
    return { command: name === undefined ? undefined : helpTopic(name), rest: [], named: true, help: true }
  }
  const command = word === undefined ? undefined : findCommand(word)
  if (!command) return { command: commands[0], rest: args, named: false, help: false }
  return { command, rest: [...args.slice(0, at), ...args.slice(at + 1)], named: true, help: false }
}

/** `tsbuild imagse` means `tsbuild images`, not to build a directory of that name. */
async function refuseTypo(word: string, terminal: Terminal): Promise<void> {
  if (!/^[a-z]+$/.test(word) || existsSync(resolve(terminal.cwd, word))) return
  const candidates = [...commands.map((command) => command.name), 'help', 'version']
  const { suggest } = await import('../index.ts')
  if (suggest(word, candidates) === undefined) return
  throw new UsageError('OPTION_INVALID', `${JSON.stringify(word)} is neither a command nor a directory`, {
    unknown: { word, candidates, prefix: 'tsbuild ' },
  })
}

function firstWord(args: readonly string[]): number {
  let at = 0
  for (; at < args.length; at++) {
    const flag = commonFlags.find(
      ({ name, short }) => args[at]?.split('=')[0] === `--${name}` || args[at] === `-${short}`,
    )
    if (!flag) break
    if (flag.kind === 'value' && !args[at]?.includes('=')) at++
  }
  return at
}

function helpTopic(name: string): CommandSpec {
  const command = findCommand(name)
  if (command) return command
  throw new UsageError('OPTION_INVALID', `there is no command ${JSON.stringify(name)}`, {
    unknown: { word: name, candidates: commands.map((c) => c.name), prefix: '' },
    hint: '`tsbuild help` lists the commands',
  })
}

async function showHelp(screen: Screen, command?: CommandSpec): Promise<number> {
  const { commandHelp, generalHelp } = await import('./help.ts')
  const view = { width: screen.isTTY ? screen.size().width : 80, color: screen.color }
  screen.write(command ? commandHelp(command, view) : generalHelp(view))
  return exitCodes.ok
}
