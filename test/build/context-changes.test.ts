// A context that changes under the build: between being listed and being read.
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { openDirectory } from '../../lib/context/directory-tree.ts'
import { hashContent } from '../../lib/layers/hash-content.ts'
import { treeEntries } from '../../lib/layers/union/tree-entries.ts'
import { writeLayer } from '../../lib/layers/write-layer.ts'
import { storedFiles, temporaryStore } from '../layers/support/entries.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

type Change = (file: string) => void

/** A change of `d/file`, and the message that it causes. */
const CHANGES: readonly (readonly [string, Change, string])[] = [
  ['grows', (file) => appendFileSync(file, 'x'), 'expected %s bytes, got more'],
  ['shrinks', (file) => truncateSync(file, 3), 'expected %s bytes, got only 3'],
  ['vanishes', (file) => rmSync(file), 'it is gone (ENOENT)'],
  ['is written to, in the same size', (file) => writeFileSync(file, readFileSync(file)), 'it was written to'],
  ['is replaced by another of the same size', replace, 'another file has replaced it'],
  ['becomes a directory', becomeDirectory, 'it is not a regular file any more'],
  ['becomes a symlink', becomeLink, 'it is gone (ELOOP)'],
  ['is given another mode', (file) => chmodSync(file, 0o600), 'its status changed'],
  ['vanishes with its directory', (file) => rmSync(dirname(file), { recursive: true }), 'it is gone (ENOENT)'],
  ['has its directory replaced by a symlink to elsewhere', linkDirectory, 'another file has replaced it'],
]

for (const size of ['small', 'large']) {
  test.each(CHANGES)(`a ${size} file that %s is an error that says so, and no layer`, async (_, change, said) => {
    const root = temporaryDirectory()
    const file = join(root, 'd/file')
    mkdirSync(join(root, 'd'))
    const bytes = 'content'.repeat(size === 'small' ? 1 : 500_000)
    writeFileSync(file, bytes)
    utimesSync(file, 1, 1)
    const entries = [...treeEntries(openDirectory(root))]
    change(file)
    const error = {
      code: 'CONTEXT_CHANGED',
      message: `${JSON.stringify(file)} changed while it was read: ${said.replace('%s', String(bytes.length))}`,
      hint: expect.stringContaining('.dockerignore'),
    }
    const store = temporaryStore()
    const compression = { algorithm: 'gzip', level: 1 } as const
    await expect(writeLayer(entries, store, { compression })).rejects.toMatchObject(error)
    expect(storedFiles(store)).toEqual([])
    const entry = entries.find(({ path }) => path === 'd/file')
    if (entry) expect(() => hashContent(entry)).toThrow(expect.objectContaining({ code: 'CONTEXT_CHANGED' }))
  })
}

test('a directory that vanishes, or is a file by now, is an error that names it', () => {
  for (const change of [removeDirectory, becomeFile]) {
    const root = temporaryDirectory()
    mkdirSync(join(root, 'd/e'), { recursive: true })
    const tree = openDirectory(root)
    expect(tree.list('d')).toHaveLength(1)
    change(join(root, 'd/e'))
    expect(() => tree.list('d/e')).toThrow(
      expect.objectContaining({ code: 'CONTEXT_CHANGED', message: expect.stringContaining('"d/e') }),
    )
  }
})

function replace(file: string): void {
  writeFileSync(`${file}.new`, readFileSync(file))
  utimesSync(`${file}.new`, 1, 1)
  renameSync(`${file}.new`, file)
}

function becomeDirectory(file: string): void {
  rmSync(file)
  mkdirSync(file)
}

function becomeLink(file: string): void {
  rmSync(file)
  symlinkSync('/etc/passwd', file)
}

function linkDirectory(file: string): void {
  const elsewhere = temporaryDirectory()
  writeFileSync(join(elsewhere, 'file'), readFileSync(file))
  utimesSync(join(elsewhere, 'file'), 1, 1)
  rmSync(dirname(file), { recursive: true })
  symlinkSync(elsewhere, dirname(file))
}

function removeDirectory(path: string): void {
  rmSync(path, { recursive: true })
}

function becomeFile(path: string): void {
  rmSync(path, { recursive: true })
  writeFileSync(path, '')
}
