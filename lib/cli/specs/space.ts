// Commands about the space that the store takes.
import type { CommandSpec, FlagSpec } from '../command-spec.ts'

const FILTER: FlagSpec = {
  name: 'filter',
  kind: 'list',
  placeholder: 'KEY=VALUE',
  summary: 'Only these: type=, id=, description~=, shared, inuse, until=24h (unused for a day)',
}

const SIZE = 'SIZE'

export const spaceSpecs: readonly CommandSpec[] = [
  {
    name: 'du',
    summary: 'Show what takes space in the local store',
    usage: 'du [OPTIONS]',
    description: [
      'Lists images, layers, unpacked layers, caches of RUN steps, kept failed steps and notes, with sizes and the time of the ' +
        'last use. What is not reclaimable belongs to an image with a name, or to a build that is running.',
    ],
    positionals: { name: 'argument', min: 0, max: 0 },
    flags: [
      FILTER,
      { name: 'verbose', short: 'v', kind: 'switch', summary: 'Show each record in full' },
      {
        name: 'format',
        kind: 'value',
        placeholder: 'FORMAT',
        choices: ['table', 'json'],
        summary: 'table (the default) or json, one record a line',
      },
    ],
    examples: [
      { command: 'tsbuild du', does: 'list what is in the store, and the totals' },
      { command: 'tsbuild du --filter type=exec.cachemount', does: 'list caches of RUN steps' },
      { command: 'tsbuild du --filter until=168h', does: 'list what was not used for a week' },
    ],
    load: () => import('../commands/du.ts'),
  },
  {
    name: 'prune',
    summary: 'Remove what builds can make again from the local store',
    usage: 'prune [OPTIONS]',
    description: [
      'Removes layers, caches and images without a name, the least recently used first. Images with names stay, and so does what a ' +
        'running build uses. With sizes, it stops when they are reached. SIZE is a number of bytes, or has a unit: 500m, 10GB.',
    ],
    positionals: { name: 'argument', min: 0, max: 0 },
    flags: [
      {
        name: 'all',
        short: 'a',
        kind: 'switch',
        summary: 'Also what layers of images with names do without, and notes',
      },
      FILTER,
      { name: 'force', short: 'f', kind: 'switch', summary: "Don't ask" },
      { name: 'max-used-space', kind: 'value', placeholder: SIZE, summary: 'Keep the cache below this size' },
      { name: 'min-free-space', kind: 'value', placeholder: SIZE, summary: 'Get this much free space on the disk' },
      {
        name: 'reserved-space',
        kind: 'value',
        placeholder: SIZE,
        summary: 'Keep this much of the cache in any case',
      },
      {
        name: 'keep-storage',
        kind: 'value',
        placeholder: SIZE,
        summary: 'The older name of the reserved space',
      },
      { name: 'verbose', short: 'v', kind: 'switch', summary: 'Show each removed record in full' },
    ],
    refused: [{ name: 'builder', kind: 'value', harmless: ['default'], hint: 'remove it: tsbuild has no builders' }],
    examples: [
      { command: 'tsbuild prune -f', does: 'remove the whole cache' },
      { command: 'tsbuild prune -f --max-used-space 10GB', does: 'remove what was used longest ago' },
      { command: 'tsbuild prune -f --filter until=48h', does: 'remove what was not used for two days' },
    ],
    load: () => import('../commands/prune.ts'),
  },
  {
    name: 'check',
    summary: 'Read the whole local store, and repair it',
    usage: 'check',
    description: [
      'Reads every blob, name, record and note of the store, removes what is damaged, and validates the images with names. A build ' +
        'makes again what is missing. Exits with 1 if an image with a name is incomplete: pull or build it again. To check a ' +
        'Dockerfile, use `tsbuild lint` or `tsbuild build --check`.',
    ],
    positionals: { name: 'argument', min: 0, max: 0 },
    flags: [],
    examples: [{ command: 'tsbuild check', does: 'remove what a failing disk has damaged' }],
    load: () => import('../commands/check.ts'),
  },
]
