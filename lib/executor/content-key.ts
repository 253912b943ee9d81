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
  // Most entries have the same owner and mode as the one before, and nothing else: texts made anew for each would be half of the work.
  let last: SourceEntry | undefined
  let common = ''
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as SourceEntry
    let content = ''
    if (entry.type === 'file') {
      const digest = sha256(entry, at)
      if (digest === undefined) return undefined
      content = digest
    }
    const { path, type, mode, uid, gid } = entry
    if (type !== last?.type || mode !== last.mode || uid !== last.uid || gid !== last.gid) {
      common = `,${type},${mode},${uid},${gid},`
      last = entry
    }
    // JSON frames every text, so that no two entry lists give the same; put together by hand, which takes half as long.
    pending.push(`[${JSON.stringify(path)}${common}${content}${particulars(entry)}`)
    if (pending.length === 512) {
      hash.update(pending.join('\n'))
      pending = ['']
    }
  }
  return hash.update(pending.join('\n')).digest('hex')
}

/** What few entries have. */
function particulars({ linkname, devMajor = 0, devMinor = 0, xattrs }: SourceEntry): string {
  if (linkname === undefined && devMajor === 0 && devMinor === 0 && !xattrs) return ',,0,0,0]'
  const link = linkname === undefined ? '' : JSON.stringify(linkname)
  return `,${link},${devMajor},${devMinor},${xattrs ? JSON.stringify(attributes(xattrs)) : 0}]`
}

function attributes(xattrs: Readonly<Record<string, Uint8Array>>): (readonly [string, string])[] {
  const names = Object.keys(xattrs).sort()
  return names.map((name) => [name, Buffer.from(xattrs[name] ?? []).toString('base64')])
}
