// Commands that talk to registries.
import type { CommandSpec, FlagSpec } from '../command-spec.ts'

const PLATFORM: FlagSpec = {
  name: 'platform',
  kind: 'value',
  placeholder: 'OS/ARCH[/VARIANT]',
  summary: 'Take the image of this platform from an index',
}
const QUIET: FlagSpec = { name: 'quiet', short: 'q', kind: 'switch', summary: 'Show no progress' }

export const registrySpecs: readonly CommandSpec[] = [
  {
    name: 'pull',
    summary: 'Fetch images from registries into the local store',
    usage: 'pull [OPTIONS] NAME...',
    description: [
      'Layers that are here already are not fetched again. Each image gets its name when all of it is here.',
    ],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [PLATFORM, QUIET],
    examples: [
      { command: 'tsbuild pull alpine:3.20', does: "Docker Hub's, for this machine's platform" },
      { command: 'tsbuild pull --platform linux/arm64 ghcr.io/me/app', does: 'for another platform' },
    ],
    load: () => import('../commands/pull.ts'),
  },
  {
    name: 'push',
    summary: 'Push an image of the local store to registries',
    usage: 'push [OPTIONS] NAME [TARGET...]',
    description: [
      'Pushes the image under its own name, or under each TARGET. What the registry has is not sent; what another of its repositories is known to have is mounted from there.',
    ],
    positionals: { name: 'NAME', min: 1, max: Number.POSITIVE_INFINITY },
    flags: [PLATFORM, QUIET],
    examples: [
      { command: 'tsbuild push ghcr.io/me/app:1.2', does: 'the image of that name' },
      { command: 'tsbuild push app localhost:5000/app:1 localhost:5000/app:latest', does: 'under two names' },
    ],
    load: () => import('../commands/push.ts'),
  },
  {
    name: 'login',
    summary: 'Log in to a registry',
    usage: 'login -u USER [REGISTRY]',
    description: [
      'Reads the password or token from standard input, tries it, and keeps it where Docker does: with the credential helper that its config.json names, else in that file, with mode 0600. REGISTRY is Docker Hub by default.',
    ],
    positionals: { name: 'REGISTRY', min: 0, max: 1 },
    flags: [
      { name: 'username', short: 'u', kind: 'value', placeholder: 'USER', summary: 'User name' },
      {
        name: 'password-stdin',
        kind: 'switch',
        summary: 'Read the password from standard input, which is the only way',
      },
    ],
    refused: [
      {
        name: 'password',
        short: 'p',
        kind: 'value',
        hint: 'other users see the command lines of this machine: give it on standard input',
      },
    ],
    examples: [{ command: 'tsbuild login -u me ghcr.io < token.txt', does: 'log in with a token from a file' }],
    load: () => import('../commands/login.ts'),
  },
  {
    name: 'logout',
    summary: 'Forget the credentials of a registry',
    usage: 'logout [REGISTRY]',
    positionals: { name: 'REGISTRY', min: 0, max: 1 },
    flags: [],
    examples: [{ command: 'tsbuild logout ghcr.io', does: 'forget them' }],
    load: () => import('../commands/logout.ts'),
  },
]
