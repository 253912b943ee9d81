/** The exit codes of the process, documented in docs/cli.md and in `tsbuild --help`. Scripts depend on them. */
export const EXIT_CODES = {
  ok: 0,
  /** The build or the command failed for a reason that the user can fix. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A bug in tsbuild. */
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const
