import { expect, test } from 'vitest'
import { explainFiles } from '../../../lib/executor/why/explain-files.ts'
import type { LayerEntry, SourceEntry } from '../../../lib/layers/entry.ts'
import { DigestColumn } from '../../../lib/layers/index/digest-column.ts'

const entry = (path: string, more: Partial<LayerEntry> = {}): LayerEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 1,
  size: 1,
  offset: 0,
  sha256: 'aa'.repeat(32),
  ...more,
})

const explain = (now: readonly LayerEntry[], before: readonly LayerEntry[]) => {
  const digests = new DigestColumn()
  now.forEach(({ sha256 }, at) => void (sha256 !== undefined && digests.set(at, sha256)))
  return explainFiles(now as readonly SourceEntry[], digests, { entries: before })
}

test.each<[string, readonly LayerEntry[], string]>([
  ['content', [entry('a', { sha256: 'bb'.repeat(32) }), entry('b')], 'a changed'],
  ['a size', [entry('a', { size: 2, sha256: undefined }), entry('b')], 'a changed'],
  ['a new file', [entry('a'), entry('b'), entry('c')], 'c is new'],
  ['a file less', [entry('a')], 'b is gone'],
  ['a mode', [entry('a', { mode: 0o755 }), entry('b')], 'a has mode 0755, and had 0644'],
  ['an owner', [entry('a', { uid: 5 }), entry('b')], 'a belongs to 5:0, and belonged to 0:0'],
  ['a type', [entry('a', { type: 'symlink', linkname: 'b' }), entry('b')], 'a is a symlink now, and was a file'],
  ['several files', [entry('a', { size: 2 }), entry('c')], 'a changed, and 2 other files'],
  [
    'a file in a new directory',
    [entry('a'), entry('b'), entry('d', { type: 'directory' }), entry('d/e')],
    'd/e is new',
  ],
  ['a directory', [entry('a'), entry('b'), entry('d', { type: 'directory' })], 'd is new'],
])('%s', (_, now, reason) => {
  expect(explain(now, [entry('a'), entry('b')])?.reason).toBe(reason)
})

test('times are no reason', () => {
  expect(explain([entry('a', { mtime: 5 })], [entry('a')])).toBeUndefined()
})

test('what is told at length has an end', () => {
  const many = Array.from({ length: 500 }, (_, at) => entry(`f${at}`))
  expect(explain(many, [])?.details).toHaveLength(100)
})
