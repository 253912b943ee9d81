// The bytes that are decompressed of layers from which steps take files: counted, not timed.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { build } from '../../lib/index.ts'
import { readLayerFiles } from '../../lib/layers/read-layer-files.ts'
import { writeLayer } from '../../lib/layers/write-layer.ts'
import type { Layer } from '../../lib/oci/types.ts'
import { file, noise, temporaryStore } from '../layers/support/entries.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const GZIP = { compression: { algorithm: 'gzip', level: 1 } } as const

describe('files of a compressed layer', () => {
  const entries = [file('a', 'early'), file('b', ''), file('c', noise(6_000_000)), file('d', 'late')]

  test('are read by decompressing no more than up to the last of them', async () => {
    const store = temporaryStore()
    const written = await writeLayer(entries, store, GZIP)
    const layer: Layer = written
    let read = 0
    const counting = {
      open: store.open,
      async *openUnhashed(...args: Parameters<typeof store.openUnhashed>): AsyncGenerator<Uint8Array> {
        for await (const chunk of store.openUnhashed(...args)) {
          read += chunk.length
          yield chunk
        }
      },
    }
    const contents = async (...paths: readonly string[]): Promise<string[]> => {
      read = 0
      const wanted = (await written.index()).entries
        .filter(({ path }) => paths.includes(path))
        .map(({ offset, ...entry }) => ({ ...entry, content: { kind: 'range' as const, path: '/none', offset } }))
      const found = await readLayerFiles(counting, layer, wanted)
      return [...found.values()].map((bytes) => Buffer.from(bytes).toString())
    }
    expect(await contents('a', 'b')).toEqual(['early', ''])
    expect(read).toBeLessThan(written.descriptor.size / 2)
    expect(await contents('d', 'a')).toEqual(['early', 'late'])
    expect(read).toBe(written.descriptor.size)
    expect(await contents('b')).toEqual([''])
    expect(read).toBe(0)
  })

  test('that are not what the index says are an error', async () => {
    const store = temporaryStore()
    const layer = await writeLayer(entries, store, GZIP)
    const wanted = [
      { ...file('a', 'other'), sha256: '0'.repeat(64), content: { kind: 'range', path: '', offset: 512 } },
    ]
    await expect(readLayerFiles(store, layer, wanted as never)).rejects.toMatchObject({ code: 'LAYER_INVALID' })
    const beyond = [{ ...wanted[0], content: { kind: 'range', path: '', offset: 2 ** 40 } }]
    await expect(readLayerFiles(store, layer, beyond as never)).rejects.toMatchObject({ code: 'LAYER_INVALID' })
  })
})

describe('a base with a large layer', () => {
  let store = ''
  let diffID = ''
  beforeEach(async () => {
    store = temporaryDirectory()
    const context = new Map<string, string | Uint8Array>([
      ['etc/passwd', 'app:x:7:8::/:/bin/sh\n'],
      ['small', 'small'],
      ['usr/large', noise(6_000_000)],
      ['usr/late', 'late'],
    ])
    const dockerfile = { text: 'FROM scratch\nCOPY . /\n' }
    const { image } = await build({ context, dockerfile, store, tags: ['base'] })
    diffID = image.layers[0]?.diffID ?? ''
  })
  const plain = (): boolean => existsSync(join(store, 'blobs/sha256', diffID.slice('sha256:'.length)))
  const of = async (text: string): Promise<void> => {
    await build({ context: new Map([['x', 'x']]), dockerfile: { text }, store })
  }

  test.each([
    ['a name of its passwd', 'FROM base\nCOPY --chown=app x /x\n'],
    ['a small file', 'FROM scratch\nCOPY --from=base /small /\n'],
    ['a user for WORKDIR', 'FROM base\nUSER app\nWORKDIR /new\n'],
  ])('is not decompressed as a whole for %s', async (_, text) => {
    await of(text)
    expect(plain()).toBe(false)
  })

  test('is decompressed for a large file, but not when the layer is there already', async () => {
    const text = 'FROM scratch\nCOPY --from=base /usr/large /\n'
    await of(text)
    expect(plain()).toBe(true)
    const opened = openStore(store)
    const blobs = join(store, 'blobs/sha256')
    const before = readdirSync(blobs).length
    opened.close()
    await of(text)
    expect(readdirSync(blobs)).toHaveLength(before)
  })

  test('is decompressed as a whole when the parts taken would be more than that', async () => {
    const one = 'FROM scratch AS one\nCOPY --from=base /usr/late /1\n'
    await of(one)
    expect(plain()).toBe(false)
    await of(`${one.replace('/1', '/2')}FROM scratch AS two\nCOPY --from=base /usr/late /3\nCOPY --from=one / /\n`)
    expect(plain()).toBe(true)
  })
})
