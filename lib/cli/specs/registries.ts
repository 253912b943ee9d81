// Commands that talk to registries.
import type { CommandSpec, FlagSpec } from '../command-spec.ts'

const PLATFORM: FlagSpec = {
  name: 'platform',
  kind: 'value',
  placeholder: 'OS/ARCH[/VARIANT]',
  summary: 'The platform to choose from an index',
}
const QUIET: FlagSpec = { name: 'quiet', short: 'q', kind: 'switch', summary: 'Show no progress' }

export const registrySpecs: readonly CommandSpec[] = [
  {
    name: 'pull',
    summary: 'Fetch images from registries into the local store',
    usage: 'pull [OPTIONS] NAME...',
    description: [
      'Layers that are already in the store are not fetched again. An image gets its name when it is complete.',
    ],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [PLATFORM, QUIET],
    examples: [
      { command: 'tsbuild pull alpine:3.20', does: 'pull from Docker Hub for this machine' },
      { command: 'tsbuild pull --platform linux/arm64 ghcr.io/me/app', does: 'pull for another platform' },
    ],
    load: () => import('../commands/pull.ts'),
  },
  {
    name: 'push',
    summary: 'Push an image from the local store to registries',
    usage: 'push [OPTIONS] NAME [TARGET...]',
    description: [
      'Pushes the image under its own name, or under each TARGET. Blobs that the registry has are not sent. Blobs of another ' +
        'repository of the same registry are mounted from there.',
    ],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [PLATFORM, QUIET],
    examples: [
      { command: 'tsbuild push ghcr.io/me/app:1.2', does: 'push the image of that name' },
      { command: 'tsbuild push app localhost:5000/app:1 localhost:5000/app:latest', does: 'push under two names' },
    ],
    load: () => import('../commands/push.ts'),
  },
  {
    name: 'login',
    summary: 'Log in to a registry',
    usage: 'login -u USER [REGISTRY]',
    description: [
      'Reads the password or token from standard input, checks it with the registry, and stores it where Docker does: in the ' +
        'credential helper that config.json names, else in config.json itself, with mode 0600. REGISTRY is Docker Hub by default.',
    ],
    positionals: { name: 'REGISTRY', min: 0, max: 1 },
    flags: [
      { name: 'username', short: 'u', kind: 'value', placeholder: 'USER', summary: 'User name' },
      {
        name: 'password-stdin',
        kind: 'switch',
        summary: 'Read the password from standard input (always on)',
      },
    ],
    refused: [
      {
        name: 'password',
        short: 'p',
        kind: 'value',
        hint: 'send it on standard input: other users of this machine can see command lines',
      },
    ],
    examples: [{ command: 'tsbuild login -u me ghcr.io < token.txt', does: 'log in with a token from a file' }],
    load: () => import('../commands/login.ts'),
  },
  {
    name: 'logout',
    summary: 'Log out of a registry',
    usage: 'logout [REGISTRY]',
    positionals: { name: 'REGISTRY', min: 0, max: 1 },
    flags: [],
    examples: [{ command: 'tsbuild logout ghcr.io', does: 'remove the credentials for ghcr.io' }],
    load: () => import('../commands/logout.ts'),
  },
]
