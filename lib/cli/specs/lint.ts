import type { CommandSpec } from '../command-spec.ts'
import { INPUT_FLAGS } from './build.ts'

export const lintSpec: CommandSpec = {
  name: 'lint',
  summary: 'Check a Dockerfile for mistakes, and fix them',
  usage: 'lint [OPTIONS] [PATH]',
  description: [
    'Checks the Dockerfile in the directory PATH (default: .), or the Dockerfile PATH, against the rules of `docker build --check`, and those of ' +
      'tsbuild that are certain: what spoils the cache, what stays in layers, secrets that would get into the image. ' +
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
    {
      name: 'enable',
      kind: 'list',
      placeholder: 'NAME[,NAME]',
      summary: 'Apply these rules too, or sets of them: docker, certain, opinion, all',
    },
    { name: 'disable', kind: 'list', placeholder: 'NAME[,NAME]', summary: "Don't apply these rules, or sets of them" },
    ...INPUT_FLAGS,
  ],
  examples: [
    { command: 'tsbuild lint', does: 'check ./Dockerfile' },
    { command: 'tsbuild lint --enable opinion', does: 'with the rules that are a matter of taste' },
    { command: 'tsbuild lint --disable certain', does: 'as docker build --check does' },
    { command: 'tsbuild lint --fix prod.Dockerfile', does: 'fix what can be fixed, and show the rest' },
    { command: 'tsbuild lint --format sarif . > lint.sarif', does: 'for code scanning services' },
  ],
  load: () => import('../commands/lint.ts'),
}
