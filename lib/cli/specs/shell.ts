import type { CommandSpec } from '../command-spec.ts'
import { RUN_FLAGS } from './run-flags.ts'

export const shellSpec: CommandSpec = {
  name: 'shell',
  summary: 'Open a shell in the filesystem of a failed step',
  usage: 'shell [OPTIONS] [NAME]',
  description: [
    'Opens a shell in the filesystem of a RUN step that failed in a build with --keep-failed. It has the environment, user, working ' +
      'directory and mounts of the step, but no secrets. NAME is the name that the build printed; the default is the newest.',
  ],
  positionals: { name: 'NAME', min: 0, max: 1 },
  flags: [
    {
      name: 'command',
      short: 'c',
      kind: 'value',
      placeholder: 'COMMAND',
      group: 'Options',
      summary: 'Run a command with /bin/sh instead of an interactive shell',
    },
    ...RUN_FLAGS.filter(({ name }) => name === 'isolation').map((flag) => ({ ...flag, group: 'Options' })),
  ],
  examples: [
    { command: 'tsbuild shell', does: 'look around in the newest failed step' },
    { command: "tsbuild shell -c 'cat config.log'", does: 'print a file from it' },
  ],
  load: () => import('../commands/shell.ts'),
}
