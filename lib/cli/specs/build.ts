import type { CommandSpec, FlagSpec } from '../command-spec.ts'
import { PROGRESS_MODES } from '../progress/progress-modes.ts'
import { REFUSED_BUILD_FLAGS } from './refused-flags.ts'
import { RUN_FLAGS } from './run-flags.ts'

/** The flags that select the inputs of a build; `tsbuild graph` and `tsbuild lint` take the same ones. */
export const INPUT_FLAGS: readonly FlagSpec[] = [
  {
    name: 'file',
    short: 'f',
    kind: 'value',
    placeholder: 'FILE',
    group: 'Input',
    summary: 'The Dockerfile (default: PATH/Dockerfile); - reads standard input',
  },
  {
    name: 'target',
    kind: 'value',
    placeholder: 'STAGE',
    group: 'Input',
    summary: 'The stage to build (default: the last)',
  },
  {
    name: 'build-arg',
    kind: 'list',
    placeholder: 'NAME[=VALUE]',
    group: 'Input',
    summary: 'Set a build-time variable; without VALUE, from the environment',
  },
  {
    name: 'build-context',
    kind: 'list',
    placeholder: 'NAME=SOURCE',
    group: 'Input',
    summary: 'Add a context: a directory, a URL, a git URL, oci-layout://DIR[:TAG], or docker-image://NAME',
  },
  {
    name: 'platform',
    kind: 'list',
    placeholder: 'OS/ARCH[/VARIANT],...',
    group: 'Input',
    summary: "Platforms to build for (default: $DOCKER_DEFAULT_PLATFORM, else linux with this machine's architecture)",
  },
]

export const buildSpec: CommandSpec = {
  name: 'build',
  summary: 'Build an image from a Dockerfile',
  usage: '[build] [OPTIONS] PATH',
  description: [
    'Builds the Dockerfile in the directory PATH, with the files in PATH as the build context. The image is kept in the local ' +
      'store. -t names it there, and -o writes it somewhere else as well.',
    'PATH may also be a git URL (URL#REF:SUBDIR), the http(s) URL of an archive or of a Dockerfile, or - to read an archive or ' +
      'a Dockerfile from standard input.',
  ],
  positionals: { name: 'PATH', min: 1, max: 1 },
  flags: [
    ...INPUT_FLAGS,
    { name: 'pull', kind: 'switch', group: 'Input', summary: 'Always check registries for newer base images' },
    { name: 'no-cache', kind: 'switch', group: 'Input', summary: 'Do not use cached steps' },
    {
      name: 'no-cache-filter',
      kind: 'list',
      placeholder: 'STAGE,...',
      group: 'Input',
      summary: 'Do not use cached steps of these stages',
    },
    {
      name: 'call',
      kind: 'value',
      placeholder: 'METHOD',
      group: 'Input',
      summary: 'Print targets, outline (args, secrets, ssh) or check instead of building; add ,format=json for JSON',
    },
    { name: 'check', kind: 'switch', group: 'Input', summary: 'Check the Dockerfile instead of building it' },
    {
      name: 'tag',
      short: 't',
      kind: 'list',
      placeholder: 'NAME[:TAG]',
      group: 'Output',
      summary: 'Name the image in the local store',
    },
    {
      name: 'output',
      short: 'o',
      kind: 'list',
      placeholder: 'OUTPUT',
      group: 'Output',
      summary:
        'Write the result: a directory, - (tar to standard output), type=oci|docker|local|tar,dest=PATH, or type=registry',
    },
    { name: 'push', kind: 'switch', group: 'Output', summary: 'Push the image (short for -o type=registry)' },
    { name: 'label', kind: 'list', placeholder: 'NAME=VALUE', group: 'Output', summary: 'Add a label to the image' },
    { name: 'iidfile', kind: 'value', placeholder: 'FILE', group: 'Output', summary: 'Write the image ID to a file' },
    {
      name: 'metadata-file',
      kind: 'value',
      placeholder: 'FILE',
      group: 'Output',
      summary: 'Write digests and names to a file, as JSON',
    },
    {
      name: 'cache-from',
      kind: 'list',
      placeholder: 'CACHE',
      group: 'Cache',
      summary:
        'Read a cache first: type=registry,ref=NAME, type=local,src=DIR, or the name of an image with an inline cache',
    },
    {
      name: 'cache-to',
      kind: 'list',
      placeholder: 'CACHE',
      group: 'Cache',
      summary: 'Write a cache: type=registry,ref=NAME, type=local,dest=DIR (mode=max for all stages), or type=inline',
    },
    {
      name: 'progress',
      kind: 'value',
      placeholder: 'KIND',
      choices: PROGRESS_MODES,
      group: 'Progress',
      summary: 'auto, plain, tty, rawjson, quiet (only the image ID), or none (default: $BUILDKIT_PROGRESS, else auto)',
    },
    { name: 'quiet', short: 'q', kind: 'switch', group: 'Progress', summary: 'Print nothing but the image ID' },
    ...RUN_FLAGS,
  ],
  refused: REFUSED_BUILD_FLAGS,
  examples: [
    { command: 'tsbuild .', does: 'build ./Dockerfile' },
    { command: 'tsbuild -t app:1.2 .', does: 'name the image in the local store' },
    { command: 'tsbuild https://example.org/app.git#v1:web', does: 'build the directory web of the git tag v1' },
    { command: 'tsbuild -t app -o type=docker,dest=app.tar .', does: 'write an archive for `docker load`' },
    { command: 'tsbuild -t ghcr.io/me/app:1 --push .', does: 'build and push' },
    { command: 'tsbuild --target test -o out .', does: 'write the files of a stage to ./out' },
    {
      command: 'tsbuild --build-context base=oci-layout://./base -f prod.Dockerfile .',
      does: 'use an OCI layout on disk for FROM base',
    },
  ],
  load: () => import('../commands/build.ts'),
}
