import { createHash } from 'node:crypto'
import type { SourceEntry } from '../layers/entry.ts'

/**
 * The digest of what entries are, not of when: paths, types, modes, owners, links, attributes and contents, but no times. Two steps
 * with the same content key make the same filesystem. Returns undefined while the content of a file is not known.
 */
export function contentKey(
  entries: readonly SourceEntry[],
  sha256: (entry: SourceEntry, at: number) => string | undefined,
): string | undefined {
  const hash = createHash('sha256')
  let pending: string[] = []
  for (const [at, entry] of entries.entries()) {
    let content = ''
    if (entry.type === 'file') {
      const digest = sha256(entry, at)
      if (digest === undefined) return undefined
      content = digest
    }
    // JSON frames every field, so that no two entry lists give the same text.
    pending.push(
      JSON.stringify([
        entry.path,
        entry.type,
        entry.mode,
        entry.uid,
        entry.gid,
        content,
        entry.linkname ?? '',
        entry.devMajor ?? 0,
        entry.devMinor ?? 0,
        entry.xattrs ? attributes(entry.xattrs) : 0,
      ]),
    )
    if (pending.length === 512) {
      hash.update(pending.join('\n'), 'utf16le')
      pending = ['']
    }
  }
  return hash.update(pending.join('\n'), 'utf16le').digest('hex')
}

function attributes(xattrs: Readonly<Record<string, Uint8Array>>): (readonly [string, string])[] {
  const names = Object.keys(xattrs).sort()
  return names.map((name) => [name, Buffer.from(xattrs[name] ?? []).toString('base64')])
}
