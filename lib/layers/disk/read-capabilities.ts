// File capabilities of files on disk. Node.js can't read extended attributes: the system's programs do.
import { spawnSync } from 'node:child_process'
import { findProgram } from '../../base/find-program.ts'
import { bytesToPath, pathToBytes, toFsPath } from '../paths/path-bytes.ts'
import { capabilityText, parseCapabilityText } from './capability-text.ts'

export interface CapabilityReading {
  /** The `security.capability` of the files that have one. */
  readonly values: ReadonlyMap<string, Uint8Array>
  /** The files whose capabilities could not be read. */
  readonly unread: readonly string[]
}

/**
 * A program that reads the capabilities of many files at once. `read` throws on failure. Paths are in the form
 * of entry.ts.
 */
export interface CapabilityReader {
  readonly program: string
  /** Whether the program takes such a name, and its output with the name can be parsed. */
  readonly accepts: (file: string) => boolean
  readonly read: (program: string, files: readonly string[]) => Map<string, Uint8Array>
}

/** Best first. */
export const CAPABILITY_READERS: readonly CapabilityReader[] = [
  { program: 'getfattr', accepts: isPlain, read: readByGetfattr },
  { program: 'getcap', accepts: isPlain, read: readByGetcap },
  { program: 'python3', accepts: () => true, read: readByPython },
]

/**
 * Reads the capabilities of regular files with the best program that is installed, in as few processes as
 * possible. Blocks until done. Never fails: files that can't be read are in `unread`.
 */
export function readCapabilities(
  files: readonly string[],
  readers: readonly CapabilityReader[] = CAPABILITY_READERS,
): CapabilityReading {
  const values = new Map<string, Uint8Array>()
  let unread = files
  for (const { program, accepts, read } of readers) {
    const path = unread.length > 0 ? findProgram(program) : undefined
    if (path === undefined) continue
    const left: string[] = unread.filter((file) => !accepts(file))
    for (const batch of batches(unread.filter(accepts))) {
      try {
        for (const [file, value] of read(path, batch)) values.set(file, value)
      } catch {
        // The next program may do better. If none does, the files stay unread.
        left.push(...batch)
      }
    }
    unread = left
  }
  return { values, unread }
}

/** Bytes of one command line: the kernel takes 2 MiB with the environment. */
const BATCH = 512 * 1024

function* batches(files: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = []
  let size = 0
  for (const file of files) {
    if (size > BATCH) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(file)
    size += file.length * 3 + 16
  }
  if (batch.length > 0) yield batch
}

/** Can be an argument (is Unicode), and takes exactly one line. */
function isPlain(file: string): boolean {
  return typeof toFsPath(file) === 'string' && !/\p{Cc}/u.test(file)
}

function readByGetfattr(program: string, files: readonly string[]): Map<string, Uint8Array> {
  const options = ['-h', '--absolute-names', '-d', '-m', '^security\\.capability$', '-e', 'hex', '--']
  const values = new Map<string, Uint8Array>()
  let file = ''
  for (const line of run(program, [...options, ...files]).split('\n')) {
    if (line.startsWith('# file: ')) file = unquote(line.slice(8))
    const [, hex] = /^security\.capability=0x([0-9a-f]+)$/.exec(line) ?? []
    if (hex !== undefined) values.set(file, Buffer.from(hex, 'hex'))
  }
  return values
}

function unquote(name: string): string {
  if (!name.includes('\\')) return name
  const parts = name.split(/\\([0-7]{3})/)
  return bytesToPath(
    Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? pathToBytes(part) : Buffer.of(Number.parseInt(part, 8))))),
  )
}

/** Prints `PATH TEXT`, formerly `PATH = TEXT`, for files that have some. */
function readByGetcap(program: string, files: readonly string[]): Map<string, Uint8Array> {
  const asked = new Set(files)
  const values = new Map<string, Uint8Array>()
  for (const line of run(program, ['-n', ...files]).split('\n')) {
    if (line === '') continue
    const file = longestPrefix(line, asked)
    const text = file === undefined ? '' : line.slice(file.length + 1).replace(/^= /, '')
    const value = parseCapabilityText(text)
    // getcap abbreviates. Only a value that is printed in the same way was parsed correctly.
    if (file === undefined || !value || capabilityText(value) === undefined) throw new Error(`getcap says ${line}`)
    values.set(file, value)
  }
  return values
}

/** Names may have spaces and anything else that getcap prints. */
function longestPrefix(line: string, files: ReadonlySet<string>): string | undefined {
  for (let end = line.lastIndexOf(' '); end > 0; end = line.lastIndexOf(' ', end - 1)) {
    if (files.has(line.slice(0, end))) return line.slice(0, end)
  }
  return undefined
}

const PYTHON = `
import os, sys, errno, binascii
for line in sys.stdin:
    name = binascii.unhexlify(line.strip())
    try:
        print(line.strip(), binascii.hexlify(os.getxattr(name, 'security.capability', follow_symlinks=False)).decode())
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.ENOTSUP): raise
`

function readByPython(program: string, files: readonly string[]): Map<string, Uint8Array> {
  const names = files.map((file) => `${pathToBytes(file).toString('hex')}\n`)
  const values = new Map<string, Uint8Array>()
  for (const line of run(program, ['-I', '-S', '-c', PYTHON], names.join('')).split('\n')) {
    const [name, value] = line.split(' ')
    if (name && value) values.set(bytesToPath(Buffer.from(name, 'hex')), Buffer.from(value, 'hex'))
  }
  return values
}

function run(program: string, args: readonly string[], input = ''): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 256 << 20 })
  if (error) throw error
  if (status !== 0 || stderr !== '') throw new Error(`${program} failed: ${stderr}`)
  return stdout
}
