// A small image of real layers in a real store.
import type { Store } from '../../lib/cache/store.ts'
import type { SourceEntry } from '../../lib/layers/entry.ts'
import { writeLayer } from '../../lib/layers/write-layer.ts'
import { writeImage } from '../../lib/oci/manifest.ts'
import type { Image, Platform } from '../../lib/oci/types.ts'

const MTIME = 1_700_000_000

export function fileEntry(path: string, text: string, mode = 0o644): SourceEntry {
  const bytes = Buffer.from(text)
  const content = { kind: 'bytes' as const, bytes }
  return { path, type: 'file', mode, uid: 0, gid: 0, mtime: MTIME, size: bytes.length, content }
}

export function otherEntry(path: string, type: 'directory' | 'symlink' | 'hardlink', linkname?: string): SourceEntry {
  const mode = type === 'directory' ? 0o755 : 0o777
  return { path, type, mode, uid: 0, gid: 0, mtime: MTIME, size: 0, linkname }
}

/** Two layers: the second hides a file of the first and replaces another. */
export const LAYERS: readonly (readonly SourceEntry[])[] = [
  [
    otherEntry('app', 'directory'),
    fileEntry('app/main', '#!/bin/sh\necho 1\n', 0o755),
    fileEntry('app/old', 'old\n'),
    otherEntry('app/link', 'symlink', 'main'),
  ],
  [otherEntry('app', 'directory'), fileEntry('app/.wh.old', ''), fileEntry('app/main', '#!/bin/sh\necho 2\n', 0o755)],
]

export async function layeredImage(
  store: Store,
  options: { readonly layers?: typeof LAYERS; readonly platform?: Platform } = {},
): Promise<Image> {
  const written = []
  for (const entries of options.layers ?? LAYERS) {
    written.push(await writeLayer(entries, store, { compression: { algorithm: 'gzip', level: 6 } }))
  }
  return writeImage(store, {
    config: {
      created: '2024-01-02T03:04:05.678Z',
      config: { Env: ['PATH=/app'], Entrypoint: ['/app/main'], Labels: { a: 'b' } },
    },
    layers: written.map(({ descriptor, diffID }) => ({ descriptor, diffID })),
    history: [
      { created: '2024-01-02T03:04:05Z', created_by: 'ENV PATH=/app', empty_layer: true },
      ...written.map((_, i) => ({ created: '2024-01-02T03:04:05Z', created_by: `COPY ${i} /app` })),
    ],
    platform: options.platform ?? { os: 'linux', architecture: 'amd64' },
  })
}
