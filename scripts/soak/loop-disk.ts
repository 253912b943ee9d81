// A disk in a file, and what a power cut would leave on it: a copy of the file at a moment without writes.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface LoopDisk {
  /** Where the disk is mounted. */
  readonly directory: string
  /** The disk as it would be after a power cut now, mounted at another place. */
  cutPower(): Promise<LoopDisk>
  /** Unmounts the disk and removes its file. */
  remove(): void
}

const SIZE = 400 << 20

/** The reason for which no disk can be made here; undefined if one can. */
export function loopDiskProblem(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount a disk'
  const missing = ['losetup', 'mkfs.ext4', 'mount', 'unshare'].find((name) => run('which', [name]) !== undefined)
  if (missing !== undefined) return `${missing} is not installed`
  return run('losetup', ['-f'])
}

/** Makes an empty disk below a directory. The file system writes its names every second, and contents much later. */
export function createLoopDisk(directory: string): LoopDisk {
  const file = join(directory, 'disk')
  mkdirSync(directory, { recursive: true })
  writeFileSync(file, '')
  truncateSync(file, SIZE)
  must('mkfs.ext4', ['-q', file])
  return mountDisk(file)
}

function mountDisk(file: string): LoopDisk {
  const directory = `${file}.mounted`
  mkdirSync(directory)
  must('mount', ['-o', 'loop,commit=1', file, directory])
  const device = must('findmnt', ['-n', '-o', 'SOURCE', '--mountpoint', directory]).trim()
  let copies = 0
  return {
    directory,
    cutPower: async () => {
      const copy = `${file}-${copies++}`
      await copyWithoutWrites(file, copy, `/sys/block/${basename(device)}/stat`)
      return mountDisk(copy)
    },
    remove: () => {
      must('umount', [directory])
      for (const path of [file, directory]) rmSync(path, { recursive: true })
    },
  }
}

/** A copy that was made while the disk was written would be a state that no power cut leaves: it is made again. */
async function copyWithoutWrites(from: string, to: string, statistics: string): Promise<void> {
  for (;;) {
    const before = writesOf(statistics)
    must('cp', ['--sparse=always', from, to])
    const after = writesOf(statistics)
    if (before.running === 0 && after.running === 0 && before.completed === after.completed) return
    await wait(20)
  }
}

/** The counts of block devices: see the kernel's Documentation/block/stat.rst. */
function writesOf(statistics: string): { readonly completed: string; readonly running: number } {
  const fields = readFileSync(statistics, 'utf8').trim().split(/\s+/)
  return { completed: [fields[4], fields[11], fields[15]].join(' '), running: Number(fields[8]) }
}

/**
 * Arguments before a command that sees another boot than this machine's, as after a power cut. `file` is written: it
 * stands for the kernel's file with the boot's id.
 */
export function inAnotherBoot(file: string): readonly string[] {
  writeFileSync(file, `${crypto.randomUUID()}\n`)
  const script = `mount --bind '${file}' /proc/sys/kernel/random/boot_id && exec "$@"`
  return ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh']
}

/** Runs a program; the reason if it fails. */
function run(file: string, args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  return status === 0 ? undefined : `${[file, ...args].join(' ')}: ${error?.message ?? stderr.trim()}`
}

function must(file: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${[file, ...args].join(' ')} failed: ${error?.message ?? stderr.trim()}`)
}
