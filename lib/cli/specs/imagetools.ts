// Commands about images that stay in their registries, as docker buildx imagetools has them.
import type { CommandSpec, FlagSpec, RefusedFlag } from '../command-spec.ts'

const BUILDER: RefusedFlag = {
  name: 'builder',
  kind: 'value',
  hint: 'there is no daemon to choose: tsbuild talks to registries itself',
}
const JSON_FLAG: FlagSpec = { name: 'json', kind: 'switch', summary: 'Print JSON' }

export const imagetoolsSpecs: readonly CommandSpec[] = [
  {
    name: 'imagetools create',
    summary: 'Join images in registries into one index',
    usage: 'imagetools create [OPTIONS] -t NAME SOURCE...',
    description: [
      'Makes an index of images and indexes that are pushed already, say by one job for each architecture, and pushes it. A SOURCE is a ' +
        'name, an image layout (oci-layout://DIR[:TAG]), a digest, or a descriptor as JSON. What another repository has is mounted or ' +
        'copied. An image replaces one of the same platform from an earlier SOURCE. A single index is copied as it is.',
    ],
    positionals: { name: 'SOURCE', min: 0, max: Number.POSITIVE_INFINITY },
    flags: [
      { name: 'tag', short: 't', kind: 'list', placeholder: 'NAME[:TAG]', summary: 'Push the index under this name' },
      { name: 'append', kind: 'switch', summary: 'Start with what the first name leads to now' },
      {
        name: 'file',
        short: 'f',
        kind: 'list',
        placeholder: 'FILE',
        summary: 'Read a SOURCE from a file, before those named as arguments',
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
        summary: 'Make an index of a single image, too (the default); with =false copy it as it is',
      },
      { name: 'dry-run', kind: 'switch', summary: 'Print the index instead of pushing it' },
      {
        name: 'metadata-file',
        kind: 'value',
        placeholder: 'FILE',
        summary: 'Write descriptor and repositories to a file, as JSON',
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
        does: 'one name for what two jobs pushed',
      },
      {
        command: 'tsbuild imagetools create --append -t ghcr.io/me/app:1 ghcr.io/me/app:1-riscv64',
        does: 'one platform more, or a newer image for one',
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
    summary: 'Show what a name in a registry leads to',
    usage: 'imagetools inspect [OPTIONS] NAME',
    description: [
      'Fetches manifests and configs, no layers. NAME may be oci-layout://DIR[:TAG], too. For images in the local store there is `tsbuild inspect`.',
    ],
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [
      { name: 'raw', kind: 'switch', summary: 'Print the manifest or index byte for byte' },
      {
        name: 'format',
        kind: 'value',
        placeholder: 'TEMPLATE',
        summary: 'Print this, with {{json .Manifest}}, {{json .Image}}, {{.Manifest.Digest}} and the like filled in',
      },
    ],
    refused: [BUILDER],
    examples: [
      { command: 'tsbuild imagetools inspect alpine:3.20', does: 'its digest and platforms' },
      {
        command: "tsbuild imagetools inspect --format '{{.Manifest.Digest}}' alpine:3.20",
        does: 'just the digest',
      },
    ],
    load: () => import('../commands/imagetools-inspect.ts'),
  },
  {
    name: 'imagetools referrers',
    summary: 'List what refers to an image: signatures, attestations, SBOMs',
    usage: 'imagetools referrers [OPTIONS] NAME',
    description: [
      "Asks the registry's referrers API; where there is none, reads the list that clients keep by the tag sha256-<hex>.",
    ],
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [
      { name: 'artifact-type', kind: 'value', placeholder: 'TYPE', summary: 'Only those of this type' },
      JSON_FLAG,
    ],
    examples: [{ command: 'tsbuild imagetools referrers ghcr.io/me/app:1', does: 'digests and types' }],
    load: () => import('../commands/imagetools-referrers.ts'),
  },
  {
    name: 'imagetools tags',
    summary: 'List the tags of a repository',
    usage: 'imagetools tags NAME',
    positionals: { name: 'NAME', min: 1, max: 1 },
    flags: [],
    examples: [{ command: 'tsbuild imagetools tags alpine', does: 'one a line' }],
    load: () => import('../commands/imagetools-tags.ts'),
  },
]
