// Decompression for files from images and stages is bounded: the tests count bytes, not time.
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type BuildOptions, build } from '../../lib/index.ts'
import { noise } from '../layers/support/entries.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const counted = vi.hoisted(() => ({ bytes: 0 }))

vi.mock('../../lib/layers/decompress/decompress.ts', async (importOriginal) => {
  const { decompress } = await importOriginal<typeof import('../../lib/layers/decompress/decompress.ts')>()
  return {
    async *decompress(...args: Parameters<typeof decompress>) {
      for await (const chunk of decompress(...args)) {
        counted.bytes += chunk.length
        yield chunk
      }
    },
  }
})

const SMALL = 40
const LARGE = 6_000_000

describe('of an image with a compressed layer', () => {
  let store = ''
  let whole = 0
  beforeEach(async () => {
    store = temporaryDirectory()
    const context = new Map<string, string | Uint8Array>([['large', noise(LARGE)]])
    for (let n = 0; n < SMALL; n++) context.set(`dir/${String(n).padStart(2, '0')}`, `small ${n}`)
    context.set('last', 'last')
    const { image } = await build({
      context,
      dockerfile: { text: 'FROM scratch\nCOPY dir /dir\nCOPY large last /\n' },
      store,
      tags: ['base'],
    })
    whole = image.layers.length === 2 ? LARGE : 0
    counted.bytes = 0
  })
  /** How many times the large layer was decompressed by a build: 0.5 is half of it. */
  const times = async (text: string, more: Partial<BuildOptions> = {}): Promise<number> => {
    const before = counted.bytes
    await build({ context: new Map([['x', 'x']]), dockerfile: { text }, store, ...more })
    return Math.round(((counted.bytes - before) / whole) * 10) / 10
  }
  const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n)

  test('nothing is for copies of what is in another layer', async () => {
    const copies = range(SMALL).map((n) => `COPY --from=base /dir/${String(n).padStart(2, '0')} /${n}`)
    expect(await times(`FROM scratch\n${copies.join('\n')}\nCOPY --from=base /dir /dir\n`)).toBe(0)
  })

  test('it is once for a large file, however many steps copy it, in this build and the next', async () => {
    expect(await times('FROM scratch\nCOPY --from=base /large /1\nCOPY --from=base /large /last /2/\n')).toBe(1)
    expect(await times('FROM scratch\nCOPY --from=base / /3/\n')).toBe(0)
  })

  test.each([10, 20])('it is twice at most for %i copies of a small file behind a large one', async (count) => {
    const copies = range(count).map((n) => `COPY --from=base /last /${n}`)
    expect(await times(`FROM scratch\n${copies.join('\n')}\n`)).toBeLessThanOrEqual(2)
  })

  test('it is once for an output of files', async () => {
    const outputs = [{ type: 'tar', dest: join(temporaryDirectory(), 'a.tar') }] as const
    expect(await times('FROM base\nCOPY x /y\n', { outputs })).toBe(1)
  })
})

describe('of an image that was never seen', () => {
  const layout = async (): Promise<string> => {
    const dest = join(temporaryDirectory(), 'layout')
    const context = new Map([['large', noise(LARGE)]])
    const dockerfile = { text: 'FROM scratch\nCOPY large /\n' }
    await build({ context, dockerfile, store: temporaryDirectory(), outputs: [{ type: 'oci', dest, tar: false }] })
    counted.bytes = 0
    return dest
  }
  const times = async (text: string, more: Partial<BuildOptions> = {}): Promise<number> => {
    const buildContexts = { base: `oci-layout://${await layout()}` }
    await build({
      context: new Map([['x', 'x']]),
      buildContexts,
      dockerfile: { text },
      store: temporaryDirectory(),
      ...more,
    })
    return Math.round((counted.bytes / LARGE) * 10) / 10
  }

  test('it is once for its paths', async () => {
    expect(await times('FROM base\nCOPY x /\nWORKDIR /y\n')).toBe(1)
  })

  test('it is once for its paths and all of its files', async () => {
    const outputs = [{ type: 'tar', dest: join(temporaryDirectory(), 'a.tar') }] as const
    expect(await times('FROM base\nCOPY x /\n', { outputs })).toBe(1)
  })
})

describe('of stages', () => {
  test.each([4, 8])('nothing is in a chain of %i, each copying from the one before', async (count) => {
    const context = new Map([['large', noise(LARGE)]])
    const stages = Array.from({ length: count }, (_, n) => `FROM scratch AS s${n + 1}\nCOPY --from=s${n} / /${n}/\n`)
    const text = `FROM scratch AS s0\nCOPY large /\n${stages.join('')}`
    counted.bytes = 0
    await build({ context, dockerfile: { text }, store: temporaryDirectory() })
    expect(counted.bytes).toBe(0)
  })
})
