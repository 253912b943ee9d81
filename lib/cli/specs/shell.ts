import type { CommandSpec } from '../command-spec.ts'
import { RUN_FLAGS } from './run-flags.ts'

export const shellSpec: CommandSpec = {
  name: 'shell',
  summary: 'Look around in the filesystem of a failed step',
  usage: 'shell [OPTIONS] [NAME]',
  description: [
    'Opens a shell in what a RUN step left that failed in a build with --keep-failed: with its environment, user, working directory and ' +
      'mounts, but without secrets. NAME is what the build said; the default is the newest.',
  ],
  positionals: { name: 'NAME', min: 0, max: 1 },
  flags: [
    {
      name: 'command',
      short: 'c',
      kind: 'value',
      placeholder: 'COMMAND',
      group: 'Options',
      summary: 'Run this by /bin/sh instead of an interactive shell',
    },
    ...RUN_FLAGS.filter(({ name }) => name === 'isolation').map((flag) => ({ ...flag, group: 'Options' })),
  ],
  examples: [
    { command: 'tsbuild shell', does: 'look at it' },
    { command: "tsbuild shell -c 'cat config.log'", does: 'just print a file of it' },
  ],
  load: () => import('../commands/shell.ts'),
}
