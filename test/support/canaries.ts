// Files that nobody may touch: a root directory for a container, full of names that steps might use, which the
// container's user may read and change.
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'

export interface Canaries {
  /** The root directory, for a container whose user it belongs to. */
  readonly root: string
  /** A line for each canary that was read, changed or removed since it was made, and for each file that is new. */
  touched(): readonly string[]
}

/** Names that images have, too, and names that they have not. */
const DIRECTORIES = [
  ...['tmp', 'home', 'home/app', 'root', 'srv', 'var', 'var/lib', 'var/tmp', 'mnt', 'data', 'app', 'work', 'src'],
  ...['etc/app', 'cache', 'out', 'media', 'run/secrets'],
]
const FILES = ['canary', '.canary', 'config', 'a', 'b', 'f', 'file', 'x', 'foo', 'bar', 'test', 'out.txt', '.profile']

/** A time before all others: the kernel notes the next reading then, on a filesystem mounted `relatime`, too. */
const LONG_AGO = 86_400

/**
 * Makes canaries in a new directory, for the user of a container. /etc is a copy of the machine's, since the container
 * needs it, with canaries in it: there only changes are noticed, not readings.
 */
export function plantCanaries(root: string, uid: number): Canaries {
  mkdirSync(root)
  run('sh', ['-c', 'cp -a /etc "$0" && rm -rf "$0"/etc/*shadow* "$0"/etc/ssl/private', root])
  const directories = DIRECTORIES.map((directory) => join(root, directory))
  for (const directory of directories) mkdirSync(directory, { recursive: true })
  const canaries = [root, ...directories].flatMap((directory) => FILES.map((name) => join(directory, name)))
  for (const file of canaries) writeFileSync(file, `canary ${file}\n`)
  run('sh', [
    '-c',
    'cd "$0" && for name in bin lib lib32 lib64 libx32 sbin; do [ ! -L /$name ] || cp -P /$name .; done',
    root,
  ])
  run('chown', ['-R', '--no-dereference', `${uid}:${uid}`, root])
  const all = pathsIn(root)
  for (const path of [...canaries, ...directories]) {
    chmodSync(path, path.endsWith('.profile') ? 0o600 : path === join(root, 'tmp') ? 0o1777 : 0o777)
    utimesSync(path, LONG_AGO, LONG_AGO)
  }
  const read = new Map([...canaries, ...directories].map((path) => [path, lstatSync(path).atimeMs]))
  const before = new Map(all.map((path) => [path, statusOf(path)]))
  const touched = (): readonly string[] => {
    const wasRead = [...read].filter(([path, time]) => existsSync(path) && lstatSync(path).atimeMs !== time)
    const wasChanged = [...before].filter(([path, status]) => statusOf(path) !== status)
    // The directories for mounts belong to root.
    const isNew = pathsIn(root).filter((path) => !before.has(path) && lstatSync(path).uid === uid)
    return [
      ...wasRead.map(([path]) => `${path} was read`),
      ...wasChanged.map(([path, status]) => `${path} was ${status}, is ${statusOf(path)}`),
      ...isNew.map((path) => `${path} is new`),
    ]
  }
  return { root, touched }
}

function pathsIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name))
}

/** The status that changes with a file, but no times of directories, since mount points are made in them. */
function statusOf(path: string): string {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (!status) return 'removed'
  const times = status.isDirectory() ? [] : [status.mtimeMs, status.ctimeMs, status.size]
  return [status.mode.toString(8), status.uid, status.gid, status.ino, ...times].join(' ')
}
