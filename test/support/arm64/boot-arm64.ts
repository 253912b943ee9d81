// A whole arm64 machine, emulated: Debian's kernel, and a root of the caller's files.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file, a directory or a link of the machine's root. Directories come before what is in them. */
export interface MachineFile {
  readonly path: string
  readonly content: Uint8Array | string | 'directory' | { readonly link: string }
  /** Default 0755. */
  readonly mode?: number
  readonly uid?: number
}

const DIRECTORIES = ['bin', 'proc', 'sys', 'dev', 'tmp', 'new']

/** The kernel's own first program: the root becomes a tmpfs, which unlike the first root can be pivoted away from. */
const INIT = `#!/bin/busybox sh
set -e
bb=/bin/busybox
$bb mount -t tmpfs -o mode=755 tmpfs /new
$bb cp -a /bin /work /new
$bb mkdir /new/proc /new/sys /new/dev /new/tmp
$bb chmod 1777 /new/tmp
$bb mount -t proc proc /new/proc
$bb mount -t sysfs sysfs /new/sys
$bb mount -t devtmpfs devtmpfs /new/dev
$bb ln -s /proc/self/fd /new/dev/fd
exec $bb switch_root /new /bin/busybox sh /work/begin
`

export interface Machine {
  readonly kernel: string
  /** A static busybox. */
  readonly busybox: Uint8Array
  /** Below /work, which exists. */
  readonly files: readonly MachineFile[]
  /** Run by root with sh. The machine ends with it. */
  readonly script: string
  /** Seconds after which the machine is ended. */
  readonly timeout: number
}

/** Starts the machine and waits until it ends: what it said. */
export function bootArm64(machine: Machine): string {
  const work = mkdtempSync(join(tmpdir(), 'tsbuild-arm64-'))
  try {
    const initrd = join(work, 'initrd')
    writeFileSync(
      initrd,
      cpio([
        ...DIRECTORIES.map((path) => ({ path, content: 'directory' }) as const),
        { path: 'init', content: INIT },
        { path: 'bin/busybox', content: machine.busybox },
        { path: 'work', content: 'directory' },
        { path: 'work/begin', content: `${machine.script}\npoweroff -f\n` },
        ...machine.files.map((file) => ({ ...file, path: `work/${file.path}` })),
      ]),
    )
    const { stdout, error } = spawnSync(
      'qemu-system-aarch64',
      [
        ...['-M', 'virt', '-cpu', 'max,pauth-impdef=on', '-accel', 'tcg,thread=multi', '-smp', '2', '-m', '1024'],
        ...['-nographic', '-nic', 'none', '-no-reboot', '-kernel', machine.kernel, '-initrd', initrd],
        ...['-append', 'console=ttyAMA0 quiet loglevel=3 panic=-1 rdinit=/init'],
      ],
      {
        encoding: 'utf8',
        timeout: machine.timeout * 1000,
        killSignal: 'SIGKILL',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    if (error) throw new Error(`the emulated machine did not end: ${error.message}\n${stdout}`)
    return stdout.replaceAll('\r\n', '\n')
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** An archive as the kernel's initramfs takes it (cpio's "new ASCII" format). */
function cpio(files: readonly MachineFile[]): Buffer {
  const parts = [...files, { path: 'TRAILER!!!', content: '', mode: 0 }].flatMap((file, index) =>
    cpioEntry(file, index),
  )
  return Buffer.concat(parts)
}

function cpioEntry({ path, content, mode = 0o755, uid = 0 }: MachineFile, index: number): readonly Buffer[] {
  const directory = content === 'directory'
  const link = typeof content === 'object' && 'link' in content
  const data = directory ? Buffer.alloc(0) : Buffer.from(link ? content.link : content)
  const name = Buffer.from(`${path}\0`)
  const type = directory ? 0o040000 : link ? 0o120000 : 0o100000
  const fields = [index + 1, type | mode, uid, uid, directory ? 2 : 1, 0, data.length, 0, 0, 0, 0, name.length, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  return [padded(Buffer.concat([header, name])), padded(data)]
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}
