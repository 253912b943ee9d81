// The parts of a store that RUN steps leave: unpacked layers, cache mounts, and failed steps that were kept. Each user
// and each mapping of user ids has a directory of its own below `sandbox`.
import { type Dirent, lstatSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { hasErrno, ifAllowed, ifExists } from '../../base/errno.ts'
import { sha256 } from '../../oci/digest.ts'
import { readJsonIfSound } from '../atomic-files.ts'
import type { FoundPart } from './blob-parts.ts'

/** The parts below `sandbox`. Other work goes on between two of them, since their files are counted. */
export async function sandboxParts(root: string): Promise<readonly FoundPart[]> {
  const parts: FoundPart[] = []
  for (const home of directoriesIn(join(root, 'sandbox'))) {
    for (const folder of ['layers', 'layers-virtual']) {
      for (const path of directoriesIn(join(home, folder))) {
        if (!path.endsWith('/empty')) parts.push(unpackedLayer(root, path))
        await new Promise(setImmediate)
      }
    }
    for (const path of directoriesIn(join(home, 'caches'))) {
      parts.push(cacheMount(root, path))
      await new Promise(setImmediate)
    }
    for (const path of directoriesIn(join(home, 'kept'))) parts.push(keptStep(root, path))
  }
  return parts
}

function unpackedLayer(root: string, path: string): FoundPart {
  const used = `${path}.used`
  const noted = ifExists(() => readFileSync(used, 'utf8')) ?? ''
  const lastUsed = timeOf(used) ?? timeOf(path)
  const size = noted === '' ? treeSize(path) : Number(noted)
  if (noted === '') noteSize(used, size, lastUsed)
  const layer = /([0-9a-f]{16})-[0-9a-f]{8}$/.exec(path)?.[1] ?? ''
  const notes = ['.used', '.synced', '.lost'].map((suffix) => path + suffix)
  return part(root, path, { type: 'unpacked', description: `directory of layer ${layer}`, size, lastUsed, notes })
}

/** Notes the size of an unpacked layer, whose files never change. That is no use of it, so the time stays. */
function noteSize(file: string, size: number, lastUsed: number = 0): void {
  ifAllowed(() => {
    writeFileSync(file, String(size), { mode: 0o600 })
    utimesSync(file, lastUsed / 1000, lastUsed / 1000)
  })
}

function cacheMount(root: string, path: string): FoundPart {
  const file = join(path, 'description.json')
  const described = readJsonIfSound(file)
  const target =
    typeof described === 'object' && described !== null && 'target' in described ? String(described.target) : ''
  const description = target === '' ? 'cache mount' : `cache mount ${target}`
  const lastUsed = timeOf(file) ?? timeOf(path)
  return part(root, path, { type: 'exec.cachemount', description, size: treeSize(path), lastUsed, notes: [] })
}

function keptStep(root: string, path: string): FoundPart {
  const request = readJsonIfSound(join(path, 'request.json'))
  const args = typeof request === 'object' && request !== null && 'args' in request ? request.args : undefined
  const description = Array.isArray(args) ? `failed step: ${args.join(' ')}` : 'failed step'
  return part(root, path, {
    type: 'failed-step',
    description,
    size: treeSize(path),
    lastUsed: timeOf(path),
    notes: [],
  })
}

interface SandboxPart extends Pick<FoundPart, 'type' | 'description' | 'size' | 'notes'> {
  /** Milliseconds since 1970. */
  readonly lastUsed: number | undefined
}

function part(root: string, path: string, { lastUsed = 0, ...rest }: SandboxPart): FoundPart {
  const name = relative(root, path)
  return {
    ...rest,
    id: sha256(name).slice('sha256:'.length),
    shared: false,
    records: [],
    lastUsed: new Date(lastUsed).toISOString(),
    leased: [{ name, path }],
  }
}

const timeOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.mtimeMs

/** The paths of the directories in a directory. */
function directoriesIn(directory: string): readonly string[] {
  return entriesOf(directory)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name))
}

/** The bytes of the files below a directory. A file with several names counts once. */
function treeSize(directory: string): number {
  const seen = new Set<number>()
  const visit = (path: string): number => {
    const stat = ifExists(() => lstatSync(path))
    if (!stat) return 0
    if (stat.isDirectory()) return entriesOf(path).reduce((sum, { name }) => sum + visit(join(path, name)), 0)
    if (stat.nlink > 1 && seen.has(stat.ino)) return 0
    if (stat.nlink > 1) seen.add(stat.ino)
    return stat.size
  }
  return visit(directory)
}

/** None for a directory that is gone, or that only a step's own user may read. */
function entriesOf(directory: string): readonly Dirent[] {
  try {
    return ifExists(() => readdirSync(directory, { withFileTypes: true })) ?? []
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'ENAMETOOLONG')) return []
    throw error
  }
}
