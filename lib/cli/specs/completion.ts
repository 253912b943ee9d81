import type { CommandSpec } from '../command-spec.ts'

export const completionSpec: CommandSpec = {
  name: 'completion',
  summary: 'Print a script for shell completion',
  usage: 'completion',
  description: ['The script is for the shell that $SHELL names: bash, zsh or fish.'],
  positionals: { name: 'argument', min: 0, max: 0 },
  flags: [],
  examples: [{ command: 'tsbuild completion >> ~/.bashrc', does: 'enable completion in every new bash' }],
  load: () => import('../commands/completion.ts'),
}
