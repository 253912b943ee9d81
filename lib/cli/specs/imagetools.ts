// Commands about images that stay in their registries, as docker buildx imagetools has them.
import type { CommandSpec, FlagSpec, RefusedFlag } from '../command-spec.ts'

const BUILDER: RefusedFlag = {
  name: 'builder',
  kind: 'value',
  hint: 'remove it: tsbuild has no builders, it contacts registries itself',
}
const JSON_FLAG: FlagSpec = { name: 'json', kind: 'switch', summary: 'Print JSON' }

export const imagetoolsSpecs: readonly CommandSpec[] = [
  {
    name: 'imagetools create',
    summary: 'Create a multi-platform index from images in registries',
    usage: 'imagetools create [OPTIONS] -t NAME SOURCE...',
    description: [
      'Creates an index of images and indexes that were pushed before, for example by one job for each architecture, and pushes it. ' +
        'A SOURCE is a name, an OCI layout (oci-layout://DIR[:TAG]), a digest, or a descriptor as JSON. Blobs of other repositories ' +
        'are mounted or copied. An image replaces an image of the same platform from an earlier SOURCE. A single index is copied as it is.',
    ],
    positionals: { name: 'SOURCE', min: 0, max: Number.POSITIVE_INFINITY },
    flags: [
      { name: 'tag', short: 't', kind: 'list', placeholder: 'NAME[:TAG]', summary: 'Push the index under this name' },
      { name: 'append', kind: 'switch', summary: 'Add to the existing index of the first name' },
      {
        name: 'file',
        short: 'f',
        kind: 'list',
        placeholder: 'FILE',
        summary: 'Read a SOURCE from a file; it goes before the arguments',
      },
      {
        name: 'annotation',
        kind: 'list',
        placeholder: 'KIND:KEY=VALUE',
        summary: 'Annotate the index (index:) or its entries (manifest-descriptor:, manifest-descriptor[PLATFORM]:)',
      },
      {
        name: 'platform',
        short: 'p',
        kind: 'list',
        placeholder: 'OS/ARCH[/VARIANT]',
        summary: 'Keep only these platforms, separated by commas',
      },
      {
        name: 'prefer-index',
        kind: 'switch',
        summary: 'Create an index even for a single image (the default); =false copies the image as it is',
      },
      { name: 'dry-run', kind: 'switch', summary: 'Print the index instead of pushing it' },
      {
        name: 'metadata-file',
        kind: 'value',
        placeholder: 'FILE',
        summary: 'Write the descriptor and repositories to a file as JSON',
      },
      {
        name: 'progress',
        kind: 'value',
        placeholder: 'KIND',
        choices: ['auto', 'tty', 'plain', 'rawjson', 'quiet', 'none'],
        summary: 'auto (the default), tty, plain, rawjson, quiet, or none',
      },
    ],
    refused: [BUILDER],
    examples: [
      {
        command: 'tsbuild imagetools create -t ghcr.io/me/app:1 ghcr.io/me/app:1-amd64 ghcr.io/me/app:1-arm64',
        does: 'join the images that two jobs pushed',
      },
      {
        command: 'tsbuild imagetools create --append -t ghcr.io/me/app:1 ghcr.io/me/app:1-riscv64',
        does: 'add a platform, or replace its image',
      },
      {
        command: 'tsbuild imagetools create -t registry.lan/app:1 ghcr.io/me/app:1',
        does: 'copy all platforms to another registry',
      },
    ],
    load: () => import('../commands/imagetools-create.ts'),
  },
  {
    name: 'imagetools inspect',
    summary: 'Show an image in a registry',
    usage: 'imagetools inspect [OPTIONS] NAME',
    description: [
      'Fetches manifests and configs, but no layers. NAME may also be oci-layout://DIR[:TAG]. Use `tsbuild inspect` for images in ' +
        'the local store.',
    ],
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [
      { name: 'raw', kind: 'switch', summary: 'Print the manifest or index byte for byte' },
      {
        name: 'format',
        kind: 'value',
        placeholder: 'TEMPLATE',
        summary: 'Format with a Go template such as {{json .Manifest}}, {{json .Image}} or {{.Manifest.Digest}}',
      },
    ],
    refused: [BUILDER],
    examples: [
      { command: 'tsbuild imagetools inspect alpine:3.20', does: 'show its digest and platforms' },
      {
        command: "tsbuild imagetools inspect --format '{{.Manifest.Digest}}' alpine:3.20",
        does: 'print only the digest',
      },
    ],
    load: () => import('../commands/imagetools-inspect.ts'),
  },
  {
    name: 'imagetools referrers',
    summary: 'List signatures, attestations and SBOMs of an image',
    usage: 'imagetools referrers [OPTIONS] NAME',
    description: [
      'Uses the referrers API of the registry, or the list under the tag sha256-<hex> if the registry lacks that API.',
    ],
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [{ name: 'artifact-type', kind: 'value', placeholder: 'TYPE', summary: 'List only this type' }, JSON_FLAG],
    examples: [{ command: 'tsbuild imagetools referrers ghcr.io/me/app:1', does: 'list digests and types' }],
    load: () => import('../commands/imagetools-referrers.ts'),
  },
  {
    name: 'imagetools tags',
    summary: 'List the tags of a repository',
    usage: 'imagetools tags NAME',
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [],
    examples: [{ command: 'tsbuild imagetools tags alpine', does: 'list tags, one a line' }],
    load: () => import('../commands/imagetools-tags.ts'),
  },
]
