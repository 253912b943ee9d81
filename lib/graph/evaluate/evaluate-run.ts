import { posix } from 'node:path'
import { TsbuildError, withLocation } from '../../base/errors.ts'
import { entriesOf } from '../../base/shared-map.ts'
import { heredocText, type ResolvedMount, resolveMount } from '../../parser/index.ts'
import { parseHeredocWord } from '../../parser/syntax/heredoc-delimiter.ts'
import type { Heredoc, Run, Word } from '../../parser/types.ts'
import type { RunOp } from '../types.ts'
import { argv, shellOf } from './evaluate-config.ts'
import type { Locate } from './expand.ts'
import type { BuildArgs } from './global-args.ts'
import { type StageState, variableOf } from './stage-state.ts'

const PROXY = new Set(['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'])

export interface RunScope {
  readonly expand: (word: Word) => string
  readonly buildArgs: BuildArgs
  readonly locate: Locate
}

/**
 * The operation that a RUN asks for, and its text for the history. Errors with `INSTRUCTION_ARGUMENTS`,
 * `FLAG_INVALID` and `MOUNT_INVALID`.
 */
export function evaluateRun(
  state: StageState,
  instruction: Run,
  scope: RunScope,
): { readonly op: RunOp; readonly text: string } {
  const args = runArgs(state, instruction)
  if (args.length === 0)
    throw new TsbuildError('INSTRUCTION_ARGUMENTS', 'RUN has no command', { hint: 'name a program' })
  const op: RunOp = {
    kind: 'run',
    args,
    script: scriptOf(instruction),
    platform: state.imagePlatform,
    env: entriesOf(state.env).map(([key, value]) => `${key}=${value}`),
    workdir: state.config.WorkingDir || '/',
    user: state.config.User ?? '',
    mounts: resolveMounts(state, instruction, scope),
    proxy: proxyVariables(scope.buildArgs),
    network: instruction.network,
    security: instruction.security,
    devices: instruction.devices.length > 0,
  }
  return { op, text: `RUN ${[...buildArgsInForce(state), ...args].join(' ')} # buildkit` }
}

/** Programs look for either spelling: as in BuildKit, one that is given sets both. */
function proxyVariables(buildArgs: BuildArgs): Record<string, string> {
  const given = Object.entries(buildArgs).filter(([name]) => PROXY.has(name.toLowerCase()))
  return Object.fromEntries(
    given.flatMap(([name, value]) => [
      [name.toUpperCase(), value],
      [name.toLowerCase(), value],
    ]),
  )
}

/** `|2 A=1 B=2`: the build args that the command could see, as the history shows them. */
function buildArgsInForce(state: StageState): string[] {
  const shown = entriesOf(state.args).map(([key, value]) => `${key}=${variableOf(state, key) ?? value ?? ''}`)
  return shown.length === 0 ? [] : [`|${shown.length}`, ...shown]
}

function resolveMounts(state: StageState, { mounts }: Run, { expand, locate }: RunScope): ResolvedMount[] {
  return mounts.map((mount) => {
    try {
      const resolved = resolveMount(mount, (value) => expand({ value, span: mount.span }))
      refuseRoot(state, resolved)
      return resolved
    } catch (error) {
      throw withLocation(error, locate(mount.span))
    }
  })
}

function refuseRoot({ config, unknownBase }: StageState, { type, target }: ResolvedMount): void {
  if (type === 'secret' || type === 'ssh') return
  const workdir = config.WorkingDir ?? (unknownBase === undefined ? '/' : '/unknown')
  if (posix.resolve('/', workdir, target) !== '/') return
  throw new TsbuildError('MOUNT_INVALID', `invalid mount target ${JSON.stringify(target)}: it can't be the root`, {
    hint: 'give target=/PATH',
  })
}

/** The arguments that a RUN executes. */
export function runArgs(state: StageState, instruction: Run): string[] {
  const { command, heredocs } = instruction
  if (command.form === 'exec' || heredocs.length === 0) return argv(state, command)
  const script = scriptOf(instruction)
  if (script) return [...shellOf(state), `/dev/pipes/${script.name}`]
  const only = wholeCommand(instruction)
  if (only) return [...shellOf(state), heredocText(only)]
  // Anything else is put together again for the shell to read.
  return [...shellOf(state), command.command.value + heredocs.map((doc) => `\n${doc.content}${doc.name}`).join('')]
}

/** The heredoc with a `#!` line. */
function scriptOf(instruction: Run): RunOp['script'] {
  const only = wholeCommand(instruction)
  const text = only && heredocText(only)
  return only && text?.startsWith('#!') ? { name: only.name, text } : undefined
}

/** A single heredoc that is all of the command. */
function wholeCommand({ command, heredocs }: Run): Heredoc | undefined {
  const [first, ...others] = heredocs
  if (command.form === 'exec' || !first || others.length > 0) return undefined
  const word = parseHeredocWord(command.command.value.trim())
  return word && 'name' in word ? first : undefined
}
