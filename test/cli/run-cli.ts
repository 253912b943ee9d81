// Runs the command line in this process, with streams that are recorded.
import { runCommand } from '../../lib/cli/run-command.ts'
import type { Screen, Terminal } from '../../lib/cli/terminal/terminal.ts'

export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Makes standard output, standard error, or both a terminal of 80 columns. */
  readonly tty?: readonly ('out' | 'err')[]
}

export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const out = recorder(options.tty?.includes('out') ?? false)
  const err = recorder(options.tty?.includes('err') ?? false)
  const terminal: Terminal = {
    out,
    err,
    env: options.env ?? {},
    cwd: options.cwd ?? process.cwd(),
    stdin: {
      isTTY: false,
      bytes: async function* () {
        yield Buffer.from(options.stdin ?? '')
      },
    },
  }
  const code = await runCommand(args, terminal)
  return { code, stdout: out.text(), stderr: err.text() }
}

function recorder(isTTY: boolean): Screen & { text(): string } {
  let text = ''
  return {
    write: (more) => {
      text += more
    },
    caughtUp: () => undefined,
    isTTY,
    color: false,
    unicode: true,
    size: () => ({ width: 80, height: 24 }),
    onResize: () => () => {},
    text: () => text,
  }
}
