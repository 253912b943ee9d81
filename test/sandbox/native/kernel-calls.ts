// A review of the kernel's calls: the ones that name files, and the ones that reach beyond a step. The source is the
// kernel's own list of arguments (include/linux/syscalls.h), up to Linux 6.17.
import { existsSync, readFileSync } from 'node:fs'
import { syscallNumbers } from '../../../lib/sandbox/seccomp/syscall-numbers.ts'

/** Calls after those of lib/sandbox/seccomp/syscall-numbers.ts. */
const LATER: readonly (readonly [string, number])[] = [
  ['open_tree_attr', 467],
  ['file_getattr', 468],
  ['file_setattr', 469],
]

/** The number that Linux has not given to a call yet, when the review was made. */
export const FIRST_UNKNOWN = 470

const HEADER = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'

/** The calls of x64, by name: those of the system's headers, and of the review. */
export function kernelCalls(): ReadonlyMap<string, number> {
  const text = existsSync(HEADER) ? readFileSync(HEADER, 'utf8') : ''
  const listed = [...text.matchAll(/^#define __NR_(\w+) (\d+)$/gm)]
  return new Map([
    ...syscallNumbers('x64'),
    ...LATER,
    ...listed.map(([, name = '', number]) => [name, Number(number)] as const),
  ])
}

/**
 * Calls that take a name of a file, with the letters of every-call.c for their arguments: d the working directory, n a
 * file that is there, w a new name, b a buffer and s its size, k a socket, a its name and l the length of that, m a
 * message to it, i an inotify descriptor; digits are numbers.
 */
export const NAMING: Readonly<Record<string, string>> = {
  ...{
    open: 'n0',
    creat: 'w',
    openat: 'dn0',
    openat2: 'dnbs',
    stat: 'nb',
    lstat: 'nb',
    newfstatat: 'dnb',
    statx: 'dn00b',
  },
  ...{
    access: 'n0',
    faccessat: 'dn0',
    faccessat2: 'dn0',
    readlink: 'nbs',
    readlinkat: 'dnbs',
    statfs: 'nb',
    truncate: 'n',
  },
  ...{
    mkdir: 'w',
    mkdirat: 'dw',
    mknod: 'w',
    mknodat: 'dw',
    symlink: 'nw',
    symlinkat: 'ndw',
    link: 'nw',
    linkat: 'dndw',
  },
  ...{ rename: 'nw', renameat: 'dndw', renameat2: 'dndw', rmdir: 'n', unlink: 'n', unlinkat: 'dn' },
  ...{ chmod: 'n6', fchmodat: 'dn6', fchmodat2: 'dn6', chown: 'n00', lchown: 'n00', fchownat: 'dn00' },
  ...{ utime: 'nb', utimes: 'nb', futimesat: 'dnb', utimensat: 'dnb' },
  ...{ getxattr: 'nn', lgetxattr: 'nn', setxattr: 'nn', lsetxattr: 'nn', listxattr: 'nbs', llistxattr: 'nbs' },
  ...{ removexattr: 'nn', lremovexattr: 'nn', setxattrat: 'dn0nbs', getxattrat: 'dn0nbs', listxattrat: 'dn0bs' },
  ...{ removexattrat: 'dn0n', file_getattr: 'dnbs', file_setattr: 'dnbs' },
  ...{ execve: 'n', execveat: 'dn', chdir: 'n', chroot: 'n', uselib: 'n', acct: 'n', swapon: 'n', swapoff: 'n' },
  ...{ mount: 'nn', umount2: 'n', pivot_root: 'nn', quotactl: '0n', open_tree: 'dn', open_tree_attr: 'dn0bs' },
  ...{ move_mount: 'dndn', fspick: 'dn', mount_setattr: 'dn0bs', name_to_handle_at: 'dnbb', fanotify_mark: '000dn' },
  ...{ inotify_add_watch: 'in2', bind: 'kal', connect: 'kal', sendto: 'kbs0al', sendmsg: 'km', sendmmsg: 'km1' },
}

/**
 * Calls that reach files without naming them, or the machine beyond the step: by a handle, a device or a mount; by
 * rings and programs that the kernel executes for a process; the clock, the host name, modules.
 */
export const REACHING: readonly string[] = [
  ...['open_by_handle_at', 'fsopen', 'fsconfig', 'fsmount', 'statmount', 'listmount', 'quotactl_fd', 'fanotify_init'],
  ...['io_uring_setup', 'io_uring_enter', 'io_uring_register', 'bpf', 'perf_event_open', 'lookup_dcookie', 'ustat'],
  ...['init_module', 'finit_module', 'delete_module', 'create_module', 'kexec_load', 'kexec_file_load', 'reboot'],
  ...['settimeofday', 'clock_settime', 'sethostname', 'setdomainname', 'iopl', 'ioperm', 'vhangup', 'nfsservctl'],
  ...['_sysctl', 'lsm_set_self_attr'],
]
