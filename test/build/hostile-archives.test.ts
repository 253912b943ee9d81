// Archives that want out, or too much, at every door by which an archive comes in. Each test is named for its class.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { type BuildOptions, build, loadImages, type MemoryFile } from '../../lib/index.ts'
import { digestPath } from '../../lib/oci/digest.ts'
import { indexBytes } from '../../lib/oci/manifest.ts'
import type { Descriptor } from '../../lib/oci/types.ts'
import { serve } from '../http/server.ts'
import { startRegistry } from '../registry/test-registry.ts'
import { HOSTILE_TARS, OUTSIDE } from '../support/hostile-tars.ts'
import { makeTar } from '../support/make-tar.ts'
import { type MemoryStore, memoryStore, putImage } from '../support/memory-store.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { withEnvironment } from '../support/with-environment.ts'

afterEach(() => expect(existsSync(OUTSIDE)).toBe(false))

/** The types and paths of what a build gives, of what is below `/d` if that is where it puts everything. */
async function list(options: Omit<BuildOptions, 'outputs'>): Promise<string[]> {
  const dest = join(temporaryDirectory(), 'files.tar')
  await build({ store: temporaryDirectory(), ...options, outputs: [{ type: 'tar', dest }] })
  const lines = run('tar', ['--numeric-owner', '-tvf', dest]).trimEnd().split('\n')
  const paths = lines.map((line) => line.replace(/^(.).* \d\d:\d\d (.*)$/, '$1 $2'))
  return paths.filter((line) => line !== 'd d/').map((line) => line.replace(/^(.) d\//, '$1 '))
}

/** Brings a plain tar in, packed where the door asks for that, and lists what it gives. */
type Door = (archive: Uint8Array) => Promise<string[]>

const files = (text: string, more: Readonly<Record<string, MemoryFile>> = {}): BuildOptions['context'] =>
  new Map<string, MemoryFile>(Object.entries({ Dockerfile: text, ...more }))
const add: Door = (archive) => list({ context: files('FROM scratch\nADD a.tar /d/\n', { 'a.tar': archive }) })
const COPY_ALL = { text: 'FROM scratch\nCOPY . /d/\n' }
const stream: Door = (archive) => list({ context: { stream: chunks(archive) }, dockerfile: COPY_ALL })
const served = (archive: Uint8Array): Promise<string> => serve((_, response) => void response.end(archive))
const packedWith =
  (program: string): Door =>
  (archive) =>
    add(execFileSync(program, ['-c'], { input: archive, maxBuffer: 64 << 20 }))

const UNPACKING: readonly (readonly [string, Door])[] = [
  ['ADD', add],
  ...['gzip', 'bzip2', 'xz', 'zstd'].filter(requires).map((name) => [`ADD, ${name}`, packedWith(name)] as const),
  ['ADD of a file on disk', addFromDisk],
  [
    'ADD --unpack of a URL',
    async (archive) => list({ context: files(`FROM scratch\nADD --unpack ${await served(archive)}/a /d/\n`) }),
  ],
  ['a context on a stream', stream],
  ['a context at a URL', async (archive) => list({ context: `${await served(archive)}/a`, dockerfile: COPY_ALL })],
]

const LAYERS: readonly (readonly [string, Door])[] = [
  ['a base in an OCI layout', async (archive) => fromLayout(image(archive))],
  ['a base in an archive of docker', async (archive) => fromDockerArchive(archive)],
  ['a base in a registry', async (archive) => fromRegistry(image(archive))],
]

describe.each(UNPACKING)('%s', (_, door) => {
  test.each(HOSTILE_TARS)('$name', async ({ tar, unpacked }) => {
    await expectOutcome(door, await tar(), unpacked)
  })
})

describe.each(LAYERS)('%s', (_, door) => {
  test.each(HOSTILE_TARS)('$name', async ({ tar, unpacked, layer = unpacked }) => {
    await expectOutcome(door, await tar(), layer)
  })
})

async function expectOutcome(door: Door, tar: Buffer, outcome: readonly string[] | string): Promise<void> {
  if (typeof outcome !== 'string') return expect(await door(tar)).toEqual(outcome)
  await expect(door(tar)).rejects.toMatchObject({ name: 'TsbuildError', code: outcome })
}

const programs = ['gzip', 'bzip2', 'xz', 'zstd'].filter(requires)
const pack = (program: string, input: Uint8Array): Buffer =>
  execFileSync(program, ['-c'], { input, maxBuffer: 64 << 20 })

describe.each(programs)('what is packed with %s', (program) => {
  const bytes = async (): Promise<Buffer> => pack(program, await makeTar({ name: 'a', body: noise(3000) }))

  test('and truncated is an error, for ADD and as a context', async () => {
    const whole = await bytes()
    for (const door of [add, stream]) {
      await expect(door(whole.subarray(0, whole.length - 3))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
    }
  })

  test('and has a wrong checksum is an error, however small it is', async () => {
    const spoilt = await bytes()
    // The last bytes are about the checksum in all four.
    const at = spoilt.length - (program === 'gzip' ? 6 : 3)
    spoilt[at] = (spoilt[at] ?? 0) ^ 0x10
    for (const door of [add, stream]) await expect(door(spoilt)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' })
  })

  test('and is no tar stays what it is for ADD, and is no context', async () => {
    const text = pack(program, Buffer.from('text\n'))
    expect(await add(text)).toEqual(['- a.tar'])
    await expect(stream(text)).rejects.toMatchObject({ code: 'CONTEXT_INVALID' })
  })

  test('and swells to more than the limit is an error, also where a few bytes are enough', async () => {
    const bomb = pack(program, await makeTar({ name: 'zeros', body: '\0'.repeat(48 << 20) }))
    await withEnvironment('TSBUILD_MAX_INPUT', '1m', async () => {
      for (const door of [add, stream]) {
        await expect(door(bomb)).rejects.toMatchObject({
          code: 'ARCHIVE_TOO_LARGE',
          hint: 'TSBUILD_MAX_INPUT sets another limit',
        })
      }
    })
  })
})

describe.each(LAYERS)('%s', (_, door) => {
  test('that swells to more than the limit is an error', async () => {
    const zeros = await makeTar({ name: 'zeros', body: '\0'.repeat(4 << 20) })
    await withEnvironment('TSBUILD_MAX_INPUT', '1m', () =>
      expect(door(zeros)).rejects.toMatchObject({
        code: 'ARCHIVE_TOO_LARGE',
        hint: 'TSBUILD_MAX_INPUT sets another limit',
      }),
    )
  })
})

test('an archive to load that swells to more than the limit is an error', async () => {
  const zeros = gzipSync(await makeTar({ name: 'zeros', body: '\0'.repeat(4 << 20) }))
  const store = openStore(temporaryDirectory())
  await withEnvironment('TSBUILD_MAX_INPUT', '1m', () =>
    expect(loadImages(store, chunks(zeros))).rejects.toMatchObject({ code: 'ARCHIVE_TOO_LARGE' }),
  )
  store.close()
})

describe('layers that are not what they are said to be', () => {
  const sound = (): Promise<Buffer> => makeTar({ name: 'a', body: 'x' })

  test('wrong checksums: a layer with another diffID, from a layout and from a registry', async () => {
    for (const door of [fromLayout, fromRegistry]) {
      const made = image(await sound(), 'another tar')
      await expect(door(made)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    }
  })

  test('wrong checksums: a blob with other bytes than its digest says', async () => {
    for (const door of [fromLayout, fromRegistry]) {
      const made = image(await sound())
      const [layer] = made.layers
      const bytes = layer && made.store.blobs.get(layer.digest)
      if (bytes) bytes[9] = (bytes[9] ?? 0) ^ 1
      await expect(door(made)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    }
  })

  test('corrupt streams: a layer that is no gzip, and one that is cut off', async () => {
    const whole = gzipSync(noise(5000))
    for (const bytes of [Buffer.from('1f8b08ffffffff', 'hex'), whole.subarray(0, 2000)]) {
      await expect(fromLayout(image(await sound(), undefined, bytes))).rejects.toMatchObject({ code: 'LAYER_INVALID' })
    }
  })
})

async function addFromDisk(archive: Uint8Array): Promise<string[]> {
  const context = temporaryDirectory()
  writeFileSync(join(context, 'a.tar'), archive)
  return list({ context, dockerfile: { text: 'FROM scratch\nADD a.tar /d/\n' } })
}

interface HostileImage {
  readonly store: MemoryStore
  readonly descriptor: Descriptor
  readonly layers: readonly Descriptor[]
}

/** An image of one layer, which may be said to be another tar, or have other bytes. */
function image(tar: Uint8Array, said?: string, bytes?: Uint8Array): HostileImage {
  const store = memoryStore()
  const digest = `sha256:${createHash('sha256')
    .update(said ?? tar)
    .digest('hex')}`
  const descriptor = store.put(bytes ?? gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip')
  const made = putImage(store, [], {
    layers: [{ descriptor, diffID: digest as never }],
    history: [{ created: '2024-01-02T03:04:05Z', created_by: 'COPY' }],
  })
  return { store, descriptor: made.descriptor, layers: [descriptor] }
}

const OF_BASE = { text: 'FROM base AS b\nFROM scratch\nCOPY --from=b / /\n' }

async function fromLayout({ store, descriptor }: HostileImage): Promise<string[]> {
  const directory = temporaryDirectory()
  for (const [digest, bytes] of store.blobs) put(join(directory, digestPath(digest)), bytes)
  put(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  put(join(directory, 'index.json'), indexBytes([descriptor]))
  const buildContexts = { base: `oci-layout://${directory}` }
  return list({ context: new Map(), dockerfile: OF_BASE, buildContexts })
}

async function fromRegistry({ store, descriptor }: HostileImage): Promise<string[]> {
  const registry = await startRegistry()
  const { blobs } = registry.repository('base')
  for (const [digest, bytes] of store.blobs) blobs.set(digest, Buffer.from(bytes))
  const bytes = Buffer.from(store.blobs.get(descriptor.digest) ?? '')
  const manifest = { type: descriptor.mediaType, bytes }
  registry.repository('base').manifests.set('1', manifest).set(descriptor.digest, manifest)
  const buildContexts = { base: `docker-image://${registry.host}/base:1` }
  return list({ context: new Map(), dockerfile: OF_BASE, buildContexts })
}

async function fromDockerArchive(tar: Uint8Array): Promise<string[]> {
  const config = {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(tar).digest('hex')}`] },
  }
  const manifest = [{ Config: 'config.json', RepoTags: ['base:latest'], Layers: ['layer.tar'] }]
  const archive = await makeTar(
    { name: 'config.json', body: JSON.stringify(config) },
    { name: 'layer.tar', body: gzipSync(tar) },
    { name: 'manifest.json', body: JSON.stringify(manifest) },
  )
  const store = temporaryDirectory()
  const opened = openStore(store)
  try {
    await loadImages(opened, chunks(archive))
  } finally {
    opened.close()
  }
  return list({ store, context: new Map(), dockerfile: OF_BASE })
}

function put(path: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Bytes that don't get smaller, always the same. */
function noise(length: number): string {
  let text = ''
  for (let i = 0; text.length < length; i++) text += createHash('sha256').update(String(i)).digest('hex')
  return text.slice(0, length)
}
