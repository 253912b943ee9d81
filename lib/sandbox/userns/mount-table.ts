// Mounts as lines of a table that `mount -a -T` makes in one process, in order; see fstab(5).
import { readFileSync } from 'node:fs'

/** One mount: what, where, its kind of filesystem and its options. */
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

/** fstab(5) names blanks and backslashes by their octal number, as mountinfo does. */
function quoted(field: string): string {
  return field.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

export interface BindOptions {
  readonly readonly: boolean
  /** `nosuid`, `nodev`, `noexec`, beyond what the source has. */
  readonly flags?: readonly string[] | undefined
}

/**
 * Shows `source` at `target`, with all that is mounted below it. A remount that makes one of the mounts read-only keeps the flags that it
 * has: in a user namespace the kernel refuses to take one away.
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

/** A mount of this process's namespace. */
export interface Mount {
  readonly point: string
  /** Those that a user namespace may not take away; see mount_namespaces(7). */
  readonly flags: readonly string[]
}

/** What is mounted where this process is, the later over the earlier. */
export function readMounts(): readonly Mount[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [, , , , point, flags] = line.split(' ')
    if (point === undefined || flags === undefined) return []
    return [{ point: plain(point), flags: flags.split(',').filter((flag) => KEPT.has(flag)) }]
  })
}

const KEPT: ReadonlySet<string> = new Set(['ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime'])

function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let best: Mount | undefined
  for (const mount of mounts) {
    const covers = path === mount.point || path.startsWith(mount.point === '/' ? '/' : `${mount.point}/`)
    if (covers && mount.point.length >= (best?.point.length ?? 0)) best = mount
  }
  return best
}
