import type { CommandSpec } from '../command-spec.ts'
import { INPUT_FLAGS } from './build.ts'

export const lintSpec: CommandSpec = {
  name: 'lint',
  summary: 'Check a Dockerfile for mistakes and fix them',
  usage: 'lint [OPTIONS] [PATH]',
  description: [
    'Checks the Dockerfile in the directory PATH (default: .), or the Dockerfile PATH. It applies the rules of ' +
      '`docker build --check` and rules of its own for certain mistakes: steps that spoil the cache, files that stay in layers, ' +
      'secrets that end up in the image. Exits with 1 if there are errors, or warnings in a Dockerfile with `# check=error=true`.',
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
    { name: 'fix', kind: 'switch', summary: 'Fix the file where that does not change the image' },
    {
      name: 'enable',
      kind: 'list',
      placeholder: 'NAME[,NAME]',
      summary: 'Apply more rules or sets of rules: docker, certain, opinion, all',
    },
    { name: 'disable', kind: 'list', placeholder: 'NAME[,NAME]', summary: 'Do not apply these rules or sets of rules' },
    ...INPUT_FLAGS,
  ],
  examples: [
    { command: 'tsbuild lint', does: 'check ./Dockerfile' },
    { command: 'tsbuild lint --enable opinion', does: 'apply stricter rules as well' },
    { command: 'tsbuild lint --disable certain', does: 'apply only the rules of docker build --check' },
    { command: 'tsbuild lint --fix prod.Dockerfile', does: 'fix what can be fixed and show the rest' },
    { command: 'tsbuild lint --format sarif . > lint.sarif', does: 'write a report for code scanning services' },
  ],
  load: () => import('../commands/lint.ts'),
}
