// Types of the main calls. `npm run typecheck` checks this file; nothing in it is executed.
import { expectTypeOf } from 'vitest'
import {
  type Build,
  type BuildEvent,
  type BuildOptions,
  type BuildResult,
  build,
  type ContentReader,
  createGraph,
  createIndex,
  type Descriptor,
  type DiffID,
  type Digest,
  type Dockerfile,
  type ErrorCode,
  expandWord,
  expandWords,
  type Graph,
  type Image,
  type Instruction,
  type LintWarning,
  lint,
  listImages,
  listTags,
  loadImages,
  openLayout,
  openStore,
  type Platform,
  type PulledImage,
  type PushReport,
  parse,
  pullImage,
  pushImage,
  readImage,
  type Store,
  type StoredImage,
  stringify,
  TsbuildError,
  type ValidationReport,
  validateImage,
} from '../../lib/index.ts'

declare const store: Store
declare const descriptor: Descriptor
declare const platform: Platform
declare const dockerfile: Dockerfile
declare const digest: Digest

// build() is awaited for its result and iterated for its events.
expectTypeOf(build).parameter(0).toEqualTypeOf<BuildOptions>()
expectTypeOf(build({ context: '.' })).toEqualTypeOf<Build>()
expectTypeOf<Awaited<Build>>().toEqualTypeOf<BuildResult>()
expectTypeOf<Build>().toExtend<AsyncIterable<BuildEvent>>()
void build({ context: new Map([['Dockerfile', 'FROM scratch\n']]), outputs: [{ type: 'oci', dest: 'image.tar' }] })
void build({ context: '.', platforms: ['linux/amd64'], run: { secrets: { npm: { kind: 'env', name: 'NPM_TOKEN' } } } })
// @ts-expect-error a build has a context
void build({})
// @ts-expect-error a misspelt option is an error
void build({ context: '.', tag: ['app:1'] })
// @ts-expect-error an output has a type that exists
void build({ context: '.', outputs: [{ type: 'ocy', dest: 'image.tar' }] })
// @ts-expect-error a platform is text
void build({ context: '.', platforms: [platform] })

// Events are told apart by their type.
declare const event: BuildEvent
if (event.type === 'log') expectTypeOf(event.stream).toEqualTypeOf<'stdout' | 'stderr'>()
if (event.type === 'completed') expectTypeOf(event.cached).toEqualTypeOf<boolean>()
// @ts-expect-error not every event has a step
event.step

// Dockerfiles.
expectTypeOf(parse).returns.toEqualTypeOf<Dockerfile>()
expectTypeOf(stringify).toBeCallableWith(dockerfile)
expectTypeOf(dockerfile.instructions).toExtend<readonly Instruction[]>()
for (const instruction of dockerfile.instructions)
  if (instruction.kind === 'COPY') expectTypeOf(instruction.sources.length).toEqualTypeOf<number>()
// @ts-expect-error a tree is read only: edit() makes another one
dockerfile.instructions = []
expectTypeOf(lint(dockerfile)).toEqualTypeOf<readonly LintWarning[]>()
const word = expandWord('$A', new Map())
if ('value' in word) expectTypeOf(word.value).toEqualTypeOf<string>()
const words = expandWords('$A', new Map())
if ('value' in words) expectTypeOf(words.value).toEqualTypeOf<readonly string[]>()
// @ts-expect-error expansion may fail
word.value

// Graphs.
const resolve = async (): Promise<undefined> => undefined
expectTypeOf(createGraph).returns.resolves.toEqualTypeOf<Graph>()
// @ts-expect-error a graph needs to know who resolves base images
void createGraph(dockerfile, { buildPlatform: platform })
// @ts-expect-error a base image that is resolved is not undefined
void createGraph(dockerfile, { buildPlatform: platform, resolve })

// Images.
expectTypeOf(openStore).returns.toExtend<Store>()
expectTypeOf<Store>().toExtend<ContentReader>()
expectTypeOf(listImages(store)).resolves.toEqualTypeOf<readonly StoredImage[]>()
expectTypeOf(pullImage(store, 'alpine')).resolves.toEqualTypeOf<PulledImage>()
expectTypeOf(pushImage(store, 'alpine', { names: ['ghcr.io/me/alpine'] })).resolves.toEqualTypeOf<PushReport>()
expectTypeOf(readImage(store, descriptor, platform)).resolves.toEqualTypeOf<Image>()
expectTypeOf(validateImage(openLayout('.'), descriptor)).resolves.toEqualTypeOf<ValidationReport>()
expectTypeOf(listTags('alpine')).resolves.toEqualTypeOf<readonly string[]>()
void loadImages(store, process.stdin)
void createIndex(['a', 'b'], { names: ['c'] })
// @ts-expect-error an image is in a store, not in a directory
void listImages('.')
// @ts-expect-error the platform is data; its text is read by the command line
void readImage(store, descriptor, 'linux/amd64')

// Digests are branded: no text passes for one, and none for another.
expectTypeOf<Digest>().toExtend<string>()
expectTypeOf<string>().not.toExtend<Digest>()
// @ts-expect-error a digest of a blob is no digest of a plain tar
expectTypeOf<DiffID>(digest)

// Errors.
const error = new TsbuildError('UNSUPPORTED', 'not here')
expectTypeOf(error.code).toEqualTypeOf<ErrorCode>()
// @ts-expect-error codes are a closed list
new TsbuildError('NO_SUCH_CODE', 'not here')
