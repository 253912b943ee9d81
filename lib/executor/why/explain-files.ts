// Compares the files of a COPY with those of the last time.
import type { LayerIndex, SourceEntry } from '../../layers/entry.ts'
import type { DigestColumn } from '../../layers/index/digest-column.ts'
import { MAX_DETAILS, type Miss, someOf } from './miss.ts'

/**
 * The reason why these entries are not those of the layer that the step made the last time. Digests are those of the
 * entries, where they are known; a file without one counts as changed if its size did. Undefined if nothing differs.
 */
export function explainFiles(
  entries: readonly SourceEntry[],
  digests: DigestColumn,
  before: Pick<LayerIndex, 'entries'>,
): Miss | undefined {
  const old = new Map(before.entries.map((entry) => [entry.path, entry]))
  const files: string[] = []
  // A directory is there because of the files in it, which say more.
  const directories: string[] = []
  const add = ({ path, type }: Pick<SourceEntry, 'path' | 'type'>, change: string): void =>
    void (type === 'directory' ? directories : files).push(`${path} ${change}`)
  entries.forEach((entry, at) => {
    const { path } = entry
    const last = old.get(path)
    old.delete(path)
    if (!last) add(entry, 'is new')
    else {
      const change = changeOf(entry, digests.hex(at), last)
      if (change !== undefined) add(entry, change)
    }
  })
  for (const entry of old.values()) add(entry, 'is gone')
  const changed = files.length > 0 ? files : directories
  const [first] = changed
  if (first === undefined) return undefined
  const details = changed.length === 1 ? [] : changed.slice(0, MAX_DETAILS)
  return { reason: someOf(first, changed.length - 1, 'file'), details }
}

function changeOf(
  entry: SourceEntry,
  sha256: string | undefined,
  last: LayerIndex['entries'][number],
): string | undefined {
  if (entry.type !== last.type) return `is a ${entry.type} now, and was a ${last.type}`
  if (entry.size !== last.size || entry.linkname !== last.linkname) return 'changed'
  if (sha256 !== undefined && last.sha256 !== undefined && sha256 !== last.sha256) return 'changed'
  if (entry.mode !== last.mode) return `has mode ${octal(entry.mode)}, and had ${octal(last.mode)}`
  const [owner, lastOwner] = [`${entry.uid}:${entry.gid}`, `${last.uid}:${last.gid}`]
  return owner === lastOwner ? undefined : `belongs to ${owner}, and belonged to ${lastOwner}`
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')
