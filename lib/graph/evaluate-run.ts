import { withLocation } from '../errors.ts'
import { heredocText, type ResolvedMount, resolveMount } from '../parser/index.ts'
import type { Run, Word } from '../parser/types.ts'
import { argv, shellOf } from './evaluate-config.ts'
import type { StageCommand } from './evaluation.ts'
import type { Expansions } from './expand.ts'
import type { StageState } from './stage-state.ts'
import type { RunOp } from './types.ts'

const PROXY = new Set(['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'])

/** The operation that a RUN asks for, and its text for the history. */
export function evaluateRun(
  state: StageState,
  instruction: Run,
  command: StageCommand,
  expansions: Expansions,
  buildArgs: Readonly<Record<string, string>>,
): { readonly op: RunOp; readonly text: string } {
  const args = runArgs(state, instruction)
  const op: RunOp = {
    kind: 'run',
    args,
    env: [...state.env].map(([key, value]) => `${key}=${value}`),
    workdir: state.config.WorkingDir || '/',
    user: state.config.User ?? '',
    mounts: resolveMounts(state, instruction, command, expansions),
    proxy: Object.fromEntries(Object.entries(buildArgs).filter(([name]) => PROXY.has(name.toLowerCase()))),
    network: instruction.network,
    security: instruction.security,
  }
  return { op, text: `RUN ${[...buildArgsInForce(state), ...args].join(' ')} # buildkit` }
}

/** `|2 A=1 B=2`: the build args that the command could see, as the history shows them. */
function buildArgsInForce(state: StageState): string[] {
  const shown = [...state.args].map(([key, value]) => `${key}=${state.env.get(key) ?? value ?? ''}`)
  return shown.length === 0 ? [] : [`|${shown.length}`, ...shown]
}

function resolveMounts(
  state: StageState,
  instruction: Run,
  { expander, onBuild, file }: StageCommand,
  expansions: Expansions,
): ResolvedMount[] {
  return instruction.mounts.map((mount) => {
    const word = (value: string): Word => ({ value, span: mount.span })
    try {
      return resolveMount(mount, (value) => expander.word(word(value), state.env, expansions))
    } catch (error) {
      throw onBuild ? error : withLocation(error, { file, span: mount.span })
    }
  })
}

/** What a RUN executes. */
export function runArgs(state: StageState, instruction: Run): string[] {
  const { command, heredocs } = instruction
  const [first] = heredocs
  if (command.form === 'exec' || !first) return argv(state, command)
  const line = command.command.value
  // A single heredoc that is the whole command: its body is the script.
  if (heredocs.length === 1 && /^\d*<<-?\s*\S+$/.test(line.trim())) {
    const script = heredocText(first)
    return script.startsWith('#!') ? [`/dev/pipes/${first.name}`] : [...shellOf(state), script]
  }
  // Anything else is put together again for the shell to read.
  return [...shellOf(state), line + heredocs.map((doc) => `\n${doc.content}${doc.name}`).join('')]
}
