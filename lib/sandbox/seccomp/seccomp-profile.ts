// Docker's default seccomp profile: the system calls that a command may make, as an OCI runtime takes them.
import { ALLOWED_CALLS } from './allowed-calls.ts'

/** See runtime-spec config-linux.md#seccomp. */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO'
  readonly defaultErrnoRet: number
  readonly architectures: readonly string[]
  readonly syscalls: readonly SeccompRule[]
}

export interface SeccompRule {
  readonly names: readonly string[]
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO'
  readonly errnoRet?: number
  readonly args?: readonly SeccompArgument[]
}

export interface SeccompArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_LT' | 'SCMP_CMP_GT' | 'SCMP_CMP_MASKED_EQ'
}

/**
 * The profile for a command with these capabilities (`CAP_…`) on a processor as Node.js names it. All conditions are
 * decided here. Those about the kernel's version always hold, since Node.js needs a newer kernel.
 */
export function seccompProfile(capabilities: readonly string[], arch: string): SeccompProfile {
  const able = (name: string): boolean => capabilities.includes(name)
  const granted = Object.entries(CALLS_OF_CAPABILITIES).filter(([capability]) => able(capability))
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: ARCHITECTURES[arch] ?? [],
    syscalls: [
      allow([...ALLOWED_CALLS, ...TRACING, ...(CALLS_OF_PROCESSORS[arch] ?? [])]),
      ...granted.map(([, calls]) => allow(calls)),
      ...SOCKET_RULES,
      ...PERSONALITIES.map((value) => allow(['personality'], { index: 0, value, op: 'SCMP_CMP_EQ' })),
      ...(able('CAP_SYS_ADMIN') ? [] : cloneRules(arch)),
    ],
  }
}

const EPERM = 1
const ENOSYS = 38

/**
 * Tracing a process of the same user. It is allowed since Linux 4.8, where tracing can no longer get around seccomp.
 */
const TRACING = ['process_vm_readv', 'process_vm_writev', 'ptrace']

const CALLS_OF_CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  CAP_BPF: ['bpf'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYSLOG: ['syslog'],
  CAP_SYS_ADMIN: [
    ...['bpf', 'clone', 'clone3', 'setns', 'unshare'],
    ...[
      'fsconfig',
      'fsmount',
      'fsopen',
      'fspick',
      'mount',
      'mount_setattr',
      'move_mount',
      'open_tree',
      'umount',
      'umount2',
    ],
    ...['fanotify_init', 'lookup_dcookie', 'perf_event_open', 'quotactl', 'quotactl_fd', 'syslog'],
    ...['lsm_get_self_attr', 'lsm_list_modules', 'lsm_set_self_attr', 'setdomainname', 'sethostname'],
  ],
  CAP_SYS_BOOT: ['reboot'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'pidfd_getfd', 'process_madvise'],
  CAP_SYS_RAWIO: ['ioperm', 'iopl'],
  CAP_SYS_TIME: ['clock_settime', 'clock_settime64', 'settimeofday', 'stime'],
  CAP_SYS_TTY_CONFIG: ['vhangup'],
}

/** By processor, as Node.js names it. */
const CALLS_OF_PROCESSORS: Readonly<Record<string, readonly string[]>> = {
  arm: ['arm_fadvise64_64', 'arm_sync_file_range', 'breakpoint', 'cacheflush', 'set_tls', 'sync_file_range2'],
  arm64: ['arm_fadvise64_64', 'arm_sync_file_range', 'breakpoint', 'cacheflush', 'set_tls', 'sync_file_range2'],
  ia32: ['modify_ldt'],
  ppc64: ['swapcontext', 'sync_file_range2'],
  riscv64: ['riscv_flush_icache'],
  s390x: ['s390_pci_mmio_read', 's390_pci_mmio_write', 's390_runtime_instr'],
  x64: ['arch_prctl', 'modify_ldt'],
}

/**
 * The instruction sets of a processor: its own, and the older ones that it runs, too. None listed: the runtime uses
 * its own.
 */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
  loong64: ['SCMP_ARCH_LOONGARCH64'],
  mips64el: ['SCMP_ARCH_MIPSEL64', 'SCMP_ARCH_MIPSEL', 'SCMP_ARCH_MIPSEL64N32'],
  riscv64: ['SCMP_ARCH_RISCV64'],
  s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
}

/**
 * Every address family but AF_ALG (38), the kernel's cryptography, and AF_VSOCK (40), which leads to a virtual
 * machine's host.
 */
const SOCKET_RULES: readonly SeccompRule[] = [
  allow(['socket'], { index: 0, value: 38, op: 'SCMP_CMP_LT' }),
  allow(['socket'], { index: 0, value: 39, op: 'SCMP_CMP_EQ' }),
  allow(['socket'], { index: 0, value: 40, op: 'SCMP_CMP_GT' }),
]

/** PER_LINUX and PER_LINUX32, both also with UNAME26, and the query of the current personality. */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff]

/** CLONE_NEW* of mount, cgroup, uts, ipc, user, pid and network namespaces, as a mask: none may be set. */
const NEW_NAMESPACES = 0x7e02_0000

/**
 * Threads and processes are allowed, namespaces are not. The flags of clone3 are in memory, where a filter can't read
 * them: ENOSYS makes programs use clone instead.
 */
function cloneRules(arch: string): readonly SeccompRule[] {
  const index = arch === 's390x' ? 1 : 0
  return [
    allow(['clone'], { index, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }),
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  ]
}

function allow(names: readonly string[], ...args: readonly SeccompArgument[]): SeccompRule {
  return { names, action: 'SCMP_ACT_ALLOW', ...(args.length > 0 ? { args } : {}) }
}
