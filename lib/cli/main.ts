import { packageVersion } from './version.ts'

/** The command line: carries it out and resolves to the exit code. Never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  // Tools ask for the version all the time: it costs no more than starting Node.
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
  // What nothing waits for and nothing catches is a bug, and is reported like one.
  process.on('uncaughtException', async (error) => {
    // Where not even that works, say from a damaged installation, asking again would never end.
    process.removeAllListeners('uncaughtException')
    process.exit(await reportError(error, terminal, { debug: true, json: false }))
  })
  return runCommand(args, terminal)
}
