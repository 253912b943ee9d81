import type { CommandSpec } from '../command.ts'
import { inputFlags } from './build.ts'

export const lintSpec: CommandSpec = {
  name: 'lint',
  summary: 'Check a Dockerfile for mistakes, and fix them',
  usage: 'lint [OPTIONS] [PATH]',
  description: [
    'Checks the Dockerfile in the directory PATH (default: .), or the Dockerfile PATH, against the rules of `docker build --check`. ' +
      'Ends with 1 when there are errors, or warnings in a Dockerfile that has `# check=error=true`.',
  ],
  positionals: { name: 'PATH', min: 0, max: 1 },
  flags: [
    {
      name: 'format',
      kind: 'value',
      placeholder: 'FORMAT',
      choices: ['text', 'json', 'sarif', 'github'],
      summary: 'text (the default), json, sarif, or github (annotations of GitHub Actions)',
    },
    { name: 'fix', kind: 'switch', summary: 'Fix in the file what can be fixed without changing what it builds' },
    ...inputFlags,
  ],
  examples: [
    { command: 'tsbuild lint', does: 'check ./Dockerfile' },
    { command: 'tsbuild lint --fix prod.Dockerfile', does: 'fix what can be fixed, and show the rest' },
    { command: 'tsbuild lint --format sarif . > lint.sarif', does: 'for code scanning services' },
  ],
  load: () => import('../commands/lint.ts'),
}
