// Entries and stores for tests.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type DiskStore, openStore } from '../../../lib/cache/store.ts'
import type { Entry, LayerEntry } from '../../../lib/layers/entry.ts'
import type { PlainEntry } from '../../../lib/layers/entry-with.ts'

const META = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, size: 0 } as const

export function file(path: string, content: string | Uint8Array, more: Partial<PlainEntry> = {}): PlainEntry {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { ...META, path, type: 'file', size: bytes.length, content: { kind: 'bytes', bytes }, ...more }
}

export function directory(path: string, more: Partial<Entry> = {}): PlainEntry {
  return { ...META, path, type: 'directory', mode: 0o755, ...more }
}

export function symlink(path: string, linkname: string): PlainEntry {
  return { ...META, path, type: 'symlink', mode: 0o777, linkname }
}

export function hardlink(path: string, linkname: string): PlainEntry {
  return { ...META, path, type: 'hardlink', linkname }
}

/** An entry without what only layers know, and without fields that are undefined. */
export function plainEntry(entry: Partial<LayerEntry & PlainEntry>): Partial<Entry> {
  const { offset: _offset, sha256: _sha256, content: _content, ...rest } = entry
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
}

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'tsbuild-layers-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export function temporaryStore(): DiskStore {
  const store = openStore(temporaryDirectory())
  onTestFinished(() => store.close())
  return store
}

/** The blobs in a store, and whatever else is being written. */
export function storedFiles(store: DiskStore): readonly string[] {
  return readdirSync(store.root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?:blobs|tmp)\/.*[0-9a-z]{8}/.test(path))
    .sort()
}

/** Bytes that look random, always the same. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state & 0xff
  }
  return bytes
}

export async function collect(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of source) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}
