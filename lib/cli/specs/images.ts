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
    flags: [JSON_FLAG, { name: 'quiet', short: 'q', kind: 'switch', summary: 'Print only image IDs' }, NO_TRUNC],
    examples: [{ command: 'tsbuild images', does: 'names, IDs, ages and sizes' }],
    load: () => import('../commands/images.ts'),
  },
  {
    name: 'inspect',
    summary: "Print an image's descriptor, manifest and config",
    usage: 'inspect NAME',
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [],
    examples: [{ command: 'tsbuild inspect app:1.2 | jq .config.config.Env', does: 'the environment of an image' }],
    load: () => import('../commands/inspect.ts'),
  },
  {
    name: 'history',
    summary: 'Show how an image was made, newest step first',
    usage: 'history [OPTIONS] NAME',
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [JSON_FLAG, NO_TRUNC],
    examples: [{ command: 'tsbuild history app:1.2', does: 'steps, ages and layer sizes' }],
    load: () => import('../commands/history.ts'),
  },
  {
    name: 'tag',
    summary: 'Give an image another name',
    usage: 'tag SOURCE TARGET',
    positionals: { name: 'SOURCE TARGET', min: 2, max: 2 },
    flags: [],
    examples: [{ command: 'tsbuild tag app:1.2 app:latest', does: 'app:latest is the same image' }],
    load: () => import('../commands/tag.ts'),
  },
  {
    name: 'rmi',
    summary: 'Remove names of images',
    usage: 'rmi NAME...',
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [],
    examples: [{ command: 'tsbuild rmi app:1.2 app:latest', does: 'the store forgets both names' }],
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
        summary: 'Where to write; - is standard output',
      },
      {
        name: 'format',
        kind: 'value',
        placeholder: 'FORMAT',
        choices: ['docker', 'oci'],
        summary: 'docker (the default; docker load reads it) or oci',
      },
    ],
    examples: [{ command: 'tsbuild save -o app.tar app:1.2', does: 'then `docker load -i app.tar` elsewhere' }],
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
        summary: 'What to read (default: standard input)',
      },
    ],
    examples: [{ command: 'tsbuild load -i base.tar', does: 'then FROM can name what it holds' }],
    load: () => import('../commands/load.ts'),
  },
  {
    name: 'validate',
    summary: 'Check an image against everything it says about itself',
    usage: 'validate NAME...',
    description: ['Recomputes digests, sizes and diffIDs, and compares the manifest with the config and its history.'],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [],
    examples: [{ command: 'tsbuild validate app:1.2', does: 'ends with 0 when all is well' }],
    load: () => import('../commands/validate.ts'),
  },
]
