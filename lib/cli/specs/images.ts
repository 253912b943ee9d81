// Commands about images in the local store.
import type { CommandSpec, FlagSpec } from '../command-spec.ts'

const JSON_FLAG: FlagSpec = { name: 'json', kind: 'switch', summary: 'Print JSON' }
const NO_TRUNC: FlagSpec = { name: 'no-trunc', kind: 'switch', summary: "Don't shorten digests and commands" }

export const imageSpecs: readonly CommandSpec[] = [
  {
    name: 'images',
    summary: 'List the images in the local store',
    usage: 'images [OPTIONS]',
    positionals: { name: 'argument', min: 0, max: 0 },
    flags: [
      { name: 'all', short: 'a', kind: 'switch', summary: 'List images without a name, too' },
      {
        name: 'filter',
        kind: 'list',
        placeholder: 'KEY=VALUE',
        summary: 'dangling=true lists only images without a name, dangling=false only those with one',
      },
      JSON_FLAG,
      { name: 'quiet', short: 'q', kind: 'switch', summary: 'Print only image IDs' },
      NO_TRUNC,
    ],
    examples: [
      { command: 'tsbuild images', does: 'list names, IDs, ages and sizes' },
      { command: 'tsbuild images -a', does: 'list images without a name as well' },
    ],
    load: () => import('../commands/images.ts'),
  },
  {
    name: 'inspect',
    summary: "Print an image's descriptor, manifest and config",
    usage: 'inspect NAME',
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [],
    examples: [
      { command: 'tsbuild inspect app:1.2 | jq .config.config.Env', does: 'print the environment of an image' },
    ],
    load: () => import('../commands/inspect.ts'),
  },
  {
    name: 'history',
    summary: 'Show the history of an image, newest step first',
    usage: 'history [OPTIONS] NAME',
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [JSON_FLAG, NO_TRUNC],
    examples: [{ command: 'tsbuild history app:1.2', does: 'show steps, ages and layer sizes' }],
    load: () => import('../commands/history.ts'),
  },
  {
    name: 'tag',
    summary: 'Give an image another name',
    usage: 'tag SOURCE TARGET',
    positionals: { name: 'SOURCE TARGET', min: 2, max: 2 },
    flags: [],
    examples: [{ command: 'tsbuild tag app:1.2 app:latest', does: 'name the same image app:latest' }],
    load: () => import('../commands/tag.ts'),
  },
  {
    name: 'rmi',
    summary: 'Remove images from the local store',
    usage: 'rmi [OPTIONS] NAME...',
    description: [
      'Removes a name, or by a digest or image ID all names of its image. With the last name go the blobs that nothing else needs. ' +
        'Layers that are the results of steps are cache: `tsbuild prune` removes them.',
    ],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [
      { name: 'force', short: 'f', kind: 'switch', summary: 'No error for an image that is not in the store' },
      { name: 'no-prune', kind: 'switch', summary: 'Remove names alone, and keep the blobs' },
    ],
    examples: [{ command: 'tsbuild rmi app:1.2 app:latest', does: 'remove both names' }],
    load: () => import('../commands/rmi.ts'),
  },
  {
    name: 'save',
    summary: 'Write images to an archive',
    usage: 'save [OPTIONS] -o FILE NAME...',
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [
      {
        name: 'output',
        short: 'o',
        kind: 'value',
        placeholder: 'FILE',
        summary: 'The file to write; - is standard output',
      },
      {
        name: 'format',
        kind: 'value',
        placeholder: 'FORMAT',
        choices: ['docker', 'oci'],
        summary: 'docker (the default, for docker load) or oci',
      },
    ],
    examples: [{ command: 'tsbuild save -o app.tar app:1.2', does: 'write an archive for `docker load -i app.tar`' }],
    load: () => import('../commands/save.ts'),
  },
  {
    name: 'load',
    summary: 'Read images from an archive into the store',
    usage: 'load [-i FILE]',
    description: ['Reads an OCI layout (a tar or a directory) or an archive made by `docker save`.'],
    positionals: { name: 'argument', min: 0, max: 0 },
    flags: [
      {
        name: 'input',
        short: 'i',
        kind: 'value',
        placeholder: 'FILE',
        summary: 'The archive to read (default: standard input)',
      },
    ],
    examples: [{ command: 'tsbuild load -i base.tar', does: 'load base images, which FROM can then name' }],
    load: () => import('../commands/load.ts'),
  },
  {
    name: 'validate',
    summary: 'Check that an image is consistent and complete',
    usage: 'validate NAME...',
    description: ['Recomputes digests, sizes and diffIDs, and compares the manifest with the config and its history.'],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [],
    examples: [{ command: 'tsbuild validate app:1.2', does: 'exit with 0 if the image is valid' }],
    load: () => import('../commands/validate.ts'),
  },
]
