// A table of mounts, which `mount -a -T` makes in one process and in its order; see fstab(5).
import { type Mount, mountOf } from '../namespaces/locked-mount-flags.ts'

export interface TableLine {
  readonly source: string
  readonly target: string
  readonly type: string
  readonly options: readonly string[]
}

/** The text of a table. */
export function formatMountTable(lines: readonly TableLine[]): string {
  return lines
    .map(
      ({ source, target, type, options }) => `${[source, target, type, options.join(',')].map(quoted).join(' ')} 0 0\n`,
    )
    .join('')
}

/** fstab(5) has blanks and backslashes as octal numbers, as mountinfo does. */
function quoted(field: string): string {
  return field.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

export interface BindOptions {
  readonly readonly: boolean
  /** `nosuid`, `nodev`, `noexec`, in addition to the source's own. */
  readonly flags?: readonly string[] | undefined
}

/**
 * Shows `source` at `target`, with everything that is mounted below it. A remount that makes one of these mounts
 * read-only repeats the mount's flags: in a user namespace the kernel refuses to clear any.
 */
export function bindLines(
  source: string,
  target: string,
  options: BindOptions,
  mounts: readonly Mount[],
): readonly TableLine[] {
  const below = mounts.filter(({ point }) => point.startsWith(source === '/' ? source : `${source}/`))
  const own = mountOf(source, mounts)
  const kind = below.length > 0 ? 'rbind' : 'bind'
  const line = (from: string, to: string, first: string, kept: readonly string[]): TableLine => {
    const flags = new Set([...kept, ...(options.flags ?? [])])
    if (options.readonly) flags.add('ro')
    return { source: from, target: to, type: 'none', options: [first, ...flags] }
  }
  const top = line(source, target, kind, own?.flags ?? [])
  if (!options.readonly) return [top]
  const rest = below.map(({ point, flags }) => line('none', target + point.slice(source.length), 'remount,bind', flags))
  return [top, ...rest]
}
