import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArguments } from './arguments/parse-arguments.ts'
import { UsageError } from './arguments/usage-error.ts'
import { commands, commandsOf, findCommand } from './command-list.ts'
import { COMMON_FLAGS, type CommandSpec } from './command-spec.ts'
import { dockerCommand } from './docker-commands.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { reportError } from './report-error.ts'
import type { Screen, Terminal } from './terminal/terminal.ts'
import type { Workflow } from './terminal/workflow.ts'

/** Finds the command that the arguments name, parses the others, runs the command, and reports its error. */
export async function runCommand(args: readonly string[], given: Terminal): Promise<number> {
  // Flags are searched for here, since errors in the command line are reported before the flags are parsed.
  const debug = args.includes('--debug') || args.includes('-D')
  const json = asksForJson(args, given)
  const workflow = json ? undefined : await findWorkflow(given)
  const terminal = workflow ? { ...given, workflow } : given
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    return await reportError(error, terminal, { debug, json })
  } finally {
    workflow?.close()
  }
}

async function findWorkflow(terminal: Terminal): Promise<Workflow | undefined> {
  if (terminal.env['GITHUB_ACTIONS'] !== 'true') return undefined
  const { openWorkflow } = await import('./ci/github-workflow.ts')
  return openWorkflow(terminal)
}

/** Whether progress, and so errors, are JSON: by the flag, else by the variable. */
function asksForJson(args: readonly string[], { env }: Terminal): boolean {
  const flags = args.flatMap((arg, i) =>
    arg === '--progress' ? [args[i + 1]] : /^--progress=(.*)/.exec(arg)?.slice(1),
  )
  const asked = flags.filter((value) => value !== undefined).at(-1) ?? 'auto'
  const command = findCommand(args[firstWord(args)] ?? '') ?? commands[0]
  const byDefault = command?.name === 'build' ? env['BUILDKIT_PROGRESS'] : undefined
  return (asked === 'auto' ? byDefault : asked) === 'rawjson'
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.length === 0) {
    await showHelp(terminal.err)
    return EXIT_CODES.usage
  }
  // The request of the script from `tsbuild completion`.
  if (args[0] === '--get-yargs-completions') {
    const { complete } = await import('./completion/print-completions.ts')
    await complete(args)
    return EXIT_CODES.ok
  }
  const { command, group, rest, named, help } = chooseCommand(args, terminal)
  if (help || !command) return await showHelp(terminal.out, command, group)
  const parsed = parseArguments(rest, command)
  if (!parsed) return await showHelp(terminal.out, named || args.length > 1 ? command : undefined)
  if (!named) await refuseTypo(parsed.positionals[0] ?? '', terminal)
  const { run } = await command.load()
  return await run(parsed, terminal)
}

interface Choice {
  /** Undefined for general help, or for the help of a group. */
  readonly command: CommandSpec | undefined
  /** The first word of the commands whose help was requested. */
  readonly group?: string
  readonly rest: readonly string[]
  readonly named: boolean
  readonly help: boolean
}

/** The command is the first argument after common flags, or the first two arguments; else build. */
function chooseCommand(args: readonly string[], terminal: Terminal): Choice {
  const at = firstWord(args)
  const word = args[at] ?? ''
  const others = withoutWord(args, at)
  if (word === 'help') return helpTopic(others)
  const command = findCommand(word)
  if (command) return { command, rest: others, named: true, help: false }
  const unnamed: Choice = { command: commands[0], rest: args, named: false, help: false }
  return chooseOfGroup(word, others) ?? chooseAsDocker(word, others, terminal) ?? unnamed
}

/**
 * Chooses by docker's spelling of a command, such as `image ls`. Undefined if the word is not docker's, or is a
 * directory to build.
 */
function chooseAsDocker(word: string, args: readonly string[], terminal: Terminal): Choice | undefined {
  if (!/^[a-z-]+$/.test(word) || existsSync(resolve(terminal.cwd, word))) return undefined
  const at = firstWord(args)
  if (word === 'buildx' && args[at] === 'imagetools') return chooseOfGroup('imagetools', withoutWord(args, at))
  const rest = withoutWord(args, at)
  const [name = '', ...flags] = dockerCommand(word, args[at] ?? '', rest) ?? []
  const command = findCommand(name)
  return command && { command, rest: [...flags, ...rest], named: true, help: false }
}

const withoutWord = (args: readonly string[], at: number): string[] => [...args.slice(0, at), ...args.slice(at + 1)]

/** Chooses a command of two words. Undefined if no such command starts with `group`. */
function chooseOfGroup(group: string, args: readonly string[]): Choice | undefined {
  const members = commandsOf(group)
  if (members.length === 0) return undefined
  const at = firstWord(args)
  const word = args[at]
  const rest = withoutWord(args, at)
  const command = findCommand(`${group} ${word}`)
  if (command) return { command, rest, named: true, help: false }
  if (word === undefined || word === '--help' || word === '-h') {
    return { command: undefined, group, rest: [], named: true, help: true }
  }
  throw new UsageError('OPTION_INVALID', `there is no command ${JSON.stringify(`${group} ${word}`)}`, {
    unknown: { word, candidates: members.map(({ name }) => name.slice(group.length + 1)), prefix: `tsbuild ${group} ` },
    hint: `run \`tsbuild ${group}\` for a list of commands`,
  })
}

/** Refuses a misspelt command: `tsbuild imagse` means `tsbuild images`, not a directory to build. */
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
    hint: 'run `tsbuild help` for a list of commands',
  })
}

async function showHelp(screen: Screen, command?: CommandSpec, group?: string): Promise<number> {
  const { commandHelp, generalHelp, groupHelp } = await import('./help.ts')
  const view = { width: screen.isTTY ? screen.size().width : 80, color: screen.color }
  screen.write(command ? commandHelp(command, view) : group ? groupHelp(commandsOf(group), view) : generalHelp(view))
  return EXIT_CODES.ok
}
