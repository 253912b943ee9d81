// File capabilities of files that were just unpacked. Node.js can't write extended attributes: the system's
// programs do.
import { spawnSync } from 'node:child_process'
import { findProgram } from '../../base/find-program.ts'
import { asBuffer, bytesToPath } from '../paths/path-bytes.ts'
import { capabilityText } from './capability-text.ts'
import { readCapabilities } from './read-capabilities.ts'

export interface FileCapability {
  /** A regular file on the host. */
  readonly path: string | Buffer
  /** Its `security.capability`. */
  readonly value: Uint8Array
}

/** A program that sets many files' capabilities at once. */
interface CapabilityWriter {
  readonly program: string
  readonly accepts: (file: FileCapability) => boolean
  readonly write: (program: string, files: readonly FileCapability[]) => void
}

/** Best first. */
export const CAPABILITY_WRITERS: readonly CapabilityWriter[] = [
  { program: 'setfattr', accepts: () => true, write: writeBySetfattr },
  { program: 'setcap', accepts: isForSetcap, write: writeBySetcap },
  { program: 'python3', accepts: () => true, write: writeByPython },
]

/**
 * Sets the capabilities of files with a program that is installed, in one process if possible. Blocks until
 * done. Returns the files that do not have theirs on disk afterwards.
 */
export function restoreCapabilities<T extends FileCapability>(
  files: readonly T[],
  writers: readonly CapabilityWriter[] = CAPABILITY_WRITERS,
): readonly T[] {
  let left = files
  for (const { program, accepts, write } of writers) {
    const path = left.length > 0 ? findProgram(program) : undefined
    const mine = path === undefined ? [] : left.filter(accepts)
    if (path === undefined || mine.length === 0) continue
    write(path, mine)
    left = withoutTheirs(left)
  }
  return left
}

function withoutTheirs<T extends FileCapability>(files: readonly T[]): readonly T[] {
  const { values } = readCapabilities(files.map(nameOf))
  return files.filter((file) => {
    const value = values.get(nameOf(file))
    return value === undefined || Buffer.compare(value, file.value) !== 0
  })
}

function nameOf({ path }: FileCapability): string {
  return typeof path === 'string' ? path : bytesToPath(path)
}

function writeBySetfattr(program: string, files: readonly FileCapability[]): void {
  const parts = files.flatMap(({ path, value }) => [
    `# file: ${quote(path)}\nsecurity.capability=0x${asBuffer(value).toString('hex')}\n\n`,
  ])
  spawnSync(program, ['-h', '--restore=-'], { input: parts.join(''), stdio: ['pipe', 'ignore', 'ignore'] })
}

function quote(path: string | Buffer): string {
  const bytes = typeof path === 'string' ? Buffer.from(path) : path
  return bytes.toString('latin1').replace(/[^!-[\]-~]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

function isForSetcap({ path, value }: FileCapability): boolean {
  return typeof path === 'string' && capabilityText(value) !== undefined
}

function writeBySetcap(program: string, files: readonly FileCapability[]): void {
  const args = files.flatMap(({ path, value }) => [capabilityText(value) ?? '', String(path)])
  spawnSync(program, ['-q', ...args], { stdio: 'ignore' })
}

const PYTHON = `
import os, sys, binascii
for line in sys.stdin:
    name, value = [binascii.unhexlify(word) for word in line.split()]
    try:
        os.setxattr(name, 'security.capability', value, follow_symlinks=False)
    except OSError:
        pass
`

function writeByPython(program: string, files: readonly FileCapability[]): void {
  const lines = files.map(
    ({ path, value }) => `${Buffer.from(path).toString('hex')} ${asBuffer(value).toString('hex')}\n`,
  )
  spawnSync(program, ['-I', '-S', '-c', PYTHON], { input: lines.join(''), stdio: ['pipe', 'ignore', 'ignore'] })
}
