import { readFileSync } from 'node:fs'
import type { EXIT_CODES } from './exit-codes.ts'
import { packageVersion } from './version.ts'

/** The codes of the module that is not loaded for the version alone. */
const OK: typeof EXIT_CODES.ok = 0
const FAILED: typeof EXIT_CODES.failed = 1

/** Runs a command line. Resolves to the exit code, and never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  // Tools request the version often, so it loads nothing else.
  if (args.length === 1 && /^(--version|-v|version)$/.test(args[0] ?? '')) {
    return await printVersion()
  }
  const cramped = smallAddressSpace()
  if (cramped !== undefined) {
    process.stderr.write(cramped)
    return FAILED
  }
  try {
    return await runToEnd(args)
  } catch (error) {
    // The report failed, too: its modules can't be loaded, for example because no more files can be opened.
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
    return FAILED
  }
}

async function runToEnd(args: readonly string[]): Promise<number> {
  const [{ runCommand }, { processTerminal }, { reportError }] = await Promise.all([
    import('./run-command.ts'),
    import('./terminal/terminal.ts'),
    import('./report-error.ts'),
  ])
  const terminal = processTerminal()
  // An error that nothing catches is a bug, and is reported like one.
  process.on('uncaughtException', async (error) => {
    // If the report fails as well, say in a damaged installation, this handler must not be called again.
    process.removeAllListeners('uncaughtException')
    process.exit(await reportError(error, terminal, { debug: true, json: false }))
  })
  const code = await whileAlive(runCommand(args, terminal), async () => {
    const error = new Error('the command waits for something that can no longer happen')
    return await reportError(error, terminal, { debug: true, json: false })
  })
  const failed = await terminal.written()
  if (code !== 0 || (!failed.out && !failed.err)) return code
  if (!failed.out) return FAILED
  const { writeFailed } = await import('./terminal/write-failed.ts')
  return await reportError(writeFailed(failed.out), terminal, { debug: false, json: false })
}

async function printVersion(): Promise<number> {
  const error = await new Promise<Error | null | undefined>((resolve) => {
    process.stdout.once('error', resolve)
    process.stdout.write(`tsbuild ${packageVersion()}\n`, resolve)
  })
  if (!error || ('code' in error && error.code === 'EPIPE')) return OK
  process.stderr.write(`error: cannot write standard output: ${error.message} [OUTPUT_IO]\n`)
  return FAILED
}

/**
 * Awaits an action. If nothing is left that could settle it, the promise settles as `otherwise` does: Node.js alone
 * would end the process without an error message.
 */
async function whileAlive<T>(action: Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  let onEmpty = (): void => {}
  const stuck = new Promise<T>((resolve) => {
    onEmpty = () => resolve(otherwise())
    process.once('beforeExit', onEmpty)
  })
  try {
    return await Promise.race([action, stuck])
  } finally {
    process.off('beforeExit', onEmpty)
  }
}

/**
 * The least limit of addresses to work with, in KiB. Node.js alone takes half of it when it starts, each of its
 * threads reserves 64 MiB for what it allocates, and V8 ends the process when its heap can't grow.
 */
const LEAST = 1_500_000

/**
 * The error for a process that may be ended at any moment, because `ulimit -v` leaves it too few addresses. It is text,
 * since loading more modules could be that moment. Undefined where there are enough.
 */
function smallAddressSpace(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  if (limit === undefined || Number(limit) >= LEAST * 1024) return undefined
  const given = Math.floor(Number(limit) / 1024)
  return (
    `error: the address space is limited to ${given} KiB, and Node.js needs ${LEAST} KiB to work [SYSTEM_FAILED]\n` +
    `hint: allow more with \`ulimit -v ${LEAST}\`, or limit memory by a control group instead\n`
  )
}
