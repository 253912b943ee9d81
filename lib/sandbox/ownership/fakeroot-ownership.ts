// Ownership by fakeroot inside the step. It preloads a library, so that it needs an image with glibc and misses
// static programs.
import { existsSync, statSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { findProgram } from '../../base/find-program.ts'
import { resolvePathInRoot } from '../../base/path-in-root.ts'
import type { SandboxUser } from '../types.ts'
import { formatFakerootTable, parseFakerootTable } from './fakeroot-owner-table.ts'
import { type OwnershipMethod, ownersFrom } from './ownership-method.ts'

export interface FakerootParts {
  readonly faked: string
  readonly library: string
}

/** The host's fakeroot; undefined if it is not installed. */
export async function findFakeroot(): Promise<FakerootParts | undefined> {
  const faked = findProgram('faked-sysv') ?? findProgram('faked')
  const directories = ['/usr/lib', '/usr/lib64', ...(await multiarch())].map((path) => join(path, 'libfakeroot'))
  const library = directories
    .flatMap((path) => [join(path, 'libfakeroot-sysv.so'), join(path, 'libfakeroot-0.so')])
    .find((path) => existsSync(path))
  return faked !== undefined && library !== undefined ? { faked, library } : undefined
}

async function multiarch(): Promise<readonly string[]> {
  const names = await readdir('/usr/lib')
  return names.filter((name) => /-linux-gnu(x32|eabihf)?$/.test(name)).map((name) => join('/usr/lib', name))
}

const LOADERS: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
}

/** Whether programs of a root can load fakeroot's library: the root has glibc and a shell. */
export function canUseFakeroot(root: string, arch: string = process.arch): boolean {
  const loader = LOADERS[arch]
  return (
    loader !== undefined &&
    [loader, '/bin/sh'].every((path) => existsSync(resolvePathInRoot(root, path)?.absolute ?? ''))
  )
}

/**
 * The directory of fakeroot in the step: below /dev, which never gets into a layer. The back-end makes the mount
 * point.
 */
const INSIDE = '/dev/.tsbuild'

/** For back-ends with real mounts that make mount points below /dev, for roots that {@link canUseFakeroot}. */
export function createFakerootOwnership({ faked, library }: FakerootParts): OwnershipMethod {
  return {
    kind: 'fakeroot',
    warning: 'owners are recorded by fakeroot: what static programs set is not, nor are file capabilities',
    unknown: 'user',
    async wrap(command, known) {
      const directory = join(command.scratch, 'fakeroot')
      await mkdir(directory, { mode: 0o755 })
      await copyFile(faked, join(directory, 'faked'))
      await copyFile(library, join(directory, 'libfakeroot.so'))
      await writeFile(join(directory, 'before'), formatFakerootTable(known))
      await writeFile(join(directory, 'after'), '')
      await writeFile(join(directory, 'run'), SCRIPT)
      return {
        ...command,
        args: ['/bin/sh', `${INSIDE}/run`, ...command.args],
        env: [...command.env, 'FAKEROOTDONTTRYCHOWN=1', ...identity(command.user)],
        mounts: [...command.mounts, { kind: 'bind', source: directory, target: INSIDE, readonly: false }],
      }
    },
    async read(command) {
      const file = join(command.scratch, 'fakeroot/after')
      // faked writes the file when it is told to end. An empty file means that it was not.
      const entries = statSync(file).size > 0 ? parseFakerootTable(await readFile(file, 'utf8')) : undefined
      if (!entries) throw new TsbuildError('SANDBOX_LACKS', 'fakeroot did not record the owners of what the step made')
      const before = parseFakerootTable(await readFile(join(command.scratch, 'fakeroot/before'), 'utf8'))
      return ownersFrom(entries, before)
    },
  }
}

/** The variables that tell the library who the first process is; root by default. */
function identity({ uid, gid }: SandboxUser): readonly string[] {
  if (uid === 0 && gid === 0) return []
  const kinds = ['', 'E', 'S', 'F']
  return kinds.flatMap((kind) => [`FAKEROOT${kind}UID=${uid}`, `FAKEROOT${kind}GID=${gid}`])
}

/**
 * Starts faked, runs the arguments with the library preloaded, and waits while faked saves its table. The chown at
 * the end makes sure that the table is not empty. If the shell is process 1, it adopts faked when that ends, and
 * waiting for any other process reaps it. That takes milliseconds; on a busy machine it takes seconds, which are
 * better slept through if the image has `sleep`.
 */
const SCRIPT = `d=${INSIDE}
out=$("$d/faked" --save-file "$d/after" --load <"$d/before" 2>"$d/errors") || { cat "$d/errors" >&2; exit 125; }
key=\${out%%:*} pid=\${out##*:}
FAKEROOTKEY=$key LD_PRELOAD="$d/libfakeroot.so" "$@"
code=$?
FAKEROOTKEY=$key LD_PRELOAD="$d/libfakeroot.so" chown 0:0 "$d/before"
kill -TERM "$pid"
n=0
while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 20000 ]; do
  n=$((n + 1))
  if [ "$n" -gt 40 ] && sleep 0.05 2>/dev/null; then n=$((n + 99)); else (:); fi
done
exit "$code"
`
