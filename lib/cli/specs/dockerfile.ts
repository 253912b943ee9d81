import type { CommandSpec } from '../command-spec.ts'
import { INPUT_FLAGS } from './build.ts'

export const parseSpec: CommandSpec = {
  name: 'parse',
  summary: "Check a Dockerfile's syntax, or print its tree",
  usage: 'parse [--json] [FILE]',
  description: [
    'Reads FILE (default: ./Dockerfile; - is standard input) and reports all errors and warnings on standard error. Exits with 1 ' +
      'if there are errors, and with 0 if there are only warnings.',
  ],
  positionals: { name: 'FILE', min: 0, max: 1 },
  flags: [{ name: 'json', kind: 'switch', summary: 'Print the tree as JSON; spans are UTF-16 offsets in the file' }],
  examples: [
    { command: 'tsbuild parse', does: 'check ./Dockerfile' },
    { command: 'tsbuild parse --json Dockerfile | jq .stages', does: 'print the stages as JSON' },
  ],
  load: () => import('../commands/parse.ts'),
}

export const graphSpec: CommandSpec = {
  name: 'graph',
  summary: 'Show the steps of a build without building',
  usage: 'graph [OPTIONS] [PATH]',
  description: [
    'Evaluates the Dockerfile in PATH (default: .) and prints the steps that a build would run, inputs first.',
  ],
  positionals: { name: 'PATH', min: 0, max: 1 },
  flags: [
    {
      name: 'format',
      kind: 'value',
      placeholder: 'FORMAT',
      choices: ['json', 'mermaid', 'dot', 'svg'],
      summary: 'json (the default), mermaid, dot (Graphviz) or svg (a drawing)',
    },
    {
      name: 'scopes',
      kind: 'switch',
      summary: 'Add to JSON the environment, user and workdir of each instruction',
    },
    ...INPUT_FLAGS,
  ],
  examples: [
    { command: 'tsbuild graph .', does: 'print vertices and stages as JSON' },
    { command: 'tsbuild graph --format svg . > graph.svg', does: 'draw the stages' },
    { command: 'tsbuild graph --target test --format mermaid . > graph.mmd', does: 'draw the stages for Markdown' },
  ],
  load: () => import('../commands/graph.ts'),
}
