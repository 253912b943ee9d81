import { packageVersion } from './version.ts'

/** Runs a command line. Resolves to the exit code, and never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  // Tools request the version often, so it loads nothing else.
  if (args.length === 1 && /^(--version|-v|version)$/.test(args[0] ?? '')) {
    process.stdout.write(`tsbuild ${packageVersion()}\n`)
    return 0
  }
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
  return whileAlive(runCommand(args, terminal), async () => {
    const error = new Error('the command waits for something that can no longer happen')
    return await reportError(error, terminal, { debug: true, json: false })
  })
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
