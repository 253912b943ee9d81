// The build context as the linter asks for it.
import { closeSync, constants, openSync, readSync } from 'node:fs'
import type { FileTree, TreeEntry } from '../layers/file-tree.ts'
import { toFsPath } from '../layers/paths/path-bytes.ts'
import type { LintContext } from '../lint/lint-options.ts'

const MOST_BYTES = 64 * 1024

export function lintContext(tree: FileTree): LintContext {
  return {
    lookup: tree.lookup,
    list: tree.list,
    read: (path) => {
      const entry = tree.lookup(path)
      return entry?.type === 'file' ? new TextDecoder().decode(readBeginning(entry)) : undefined
    },
  }
}

function readBeginning({ content, size }: TreeEntry): Uint8Array {
  if (!content) return new Uint8Array()
  if (content.kind === 'bytes') return content.bytes.subarray(0, MOST_BYTES)
  const bytes = Buffer.alloc(Math.min(size, MOST_BYTES))
  const descriptor = openSync(
    toFsPath(content.path),
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  )
  try {
    const offset = content.kind === 'range' ? content.offset : 0
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset))
  } finally {
    closeSync(descriptor)
  }
}
