// Commands as Docker spells them: those that have another name here, and those that are not here.
import { UsageError } from './arguments/usage-error.ts'

/** This program's commands by docker's other spellings, some with a flag. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['builder build', 'build'],
  ['builder prune', 'prune'],
  ['buildx b', 'build'],
  ['buildx build', 'build'],
  ['buildx du', 'du'],
  ['buildx prune', 'prune'],
  ['image build', 'build'],
  ['image history', 'history'],
  ['image inspect', 'inspect'],
  ['image list', 'images'],
  ['image load', 'load'],
  ['image prune', 'prune --filter=type=image'],
  ['image ls', 'images'],
  ['image pull', 'pull'],
  ['image push', 'push'],
  ['image remove', 'rmi'],
  ['image rm', 'rmi'],
  ['image save', 'save'],
  ['image tag', 'tag'],
  ['system check', 'check'],
  ['system df', 'du'],
])

const STORE = '`tsbuild du` shows what takes space in the store, `tsbuild prune` removes what no named image needs'
const CONTAINERS = 'tsbuild builds images and runs no containers: load the image with `podman load` or `docker load`'
const BUILDERS = 'tsbuild has no builders: it builds in its own process'
const BAKE = 'build each target with `tsbuild build`'
const MANIFESTS = '`tsbuild imagetools` works with images that stay in registries'
const ORCHESTRATION = 'tsbuild builds images; Kubernetes and Swarm run them'
const HISTORY = '`tsbuild history NAME` shows the history of an image'

/** The hint for each command of docker and buildx that is not here, by its first word or by its first two. */
const ABSENT: ReadonlyMap<string, string> = new Map([
  ...['df', 'system', 'builder', 'image'].map((name) => [name, STORE] as const),
  ...['attach', 'compose', 'container', 'cp', 'create', 'exec', 'kill', 'logs', 'network', 'pause', 'port'].map(
    (name) => [name, CONTAINERS] as const,
  ),
  ...['ps', 'restart', 'rm', 'run', 'start', 'stats', 'stop', 'top', 'unpause', 'volume', 'wait', 'commit'].map(
    (name) => [name, CONTAINERS] as const,
  ),
  ...['buildx', 'context', 'dial-stdio', 'ls', 'use'].map((name) => [name, BUILDERS] as const),
  ...['bake', 'buildx bake'].map((name) => [name, BAKE] as const),
  ['buildx history', HISTORY],
  ['info', '`tsbuild doctor` examines this machine'],
  ['manifest', MANIFESTS],
  ['search', '`tsbuild imagetools tags NAME` lists the tags of a repository'],
  ...['node', 'service', 'stack', 'swarm'].map((name) => [name, ORCHESTRATION] as const),
])

/**
 * This program's name of a command that docker spells with these two words, and flags that go with it; undefined if
 * neither is docker's. `rest` has the arguments. Errors with `OPTION_INVALID` for a command that is not here.
 */
export function dockerCommand(
  first: string,
  second: string,
  rest: readonly string[],
): readonly [string, ...string[]] | undefined {
  const words = `${first} ${second}`
  const [command, ...flags] = SPELLINGS.get(words)?.split(' ') ?? []
  if (words === 'image prune' && rest.some((arg) => arg === '-a' || arg === '--all')) {
    throw new UsageError('OPTION_INVALID', '"image prune" removes images without a name only', {
      hint: '`tsbuild rmi NAME` removes an image with a name: here none counts as unused',
    })
  }
  if (command !== undefined) return [command, ...flags]
  const hint = ABSENT.get(words) ?? ABSENT.get(first)
  if (hint === undefined) return undefined
  const name = GROUPS.has(first) && second !== '' && !second.startsWith('-') ? words : first
  throw new UsageError('OPTION_INVALID', `there is no command ${JSON.stringify(name)}`, { hint })
}

/** First words that are no commands of their own. */
const GROUPS: ReadonlySet<string> = new Set([
  ...['builder', 'buildx', 'compose', 'container', 'context', 'image', 'manifest', 'network', 'node', 'service'],
  ...['stack', 'swarm', 'system', 'volume'],
])
