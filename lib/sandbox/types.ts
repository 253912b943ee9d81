// The vocabulary of the sandbox: the command of a RUN, the back-ends that run it, and the namespaces they run in.

/** The ways to isolate a command, strongest first. docs/sandbox.md compares them. */
export type Isolation = 'oci' | 'bwrap' | 'userns' | 'chroot' | 'virtual' | 'proot'

/**
 * A mount that a command sees at `target`, over the root's own files. Targets are absolute, resolved inside the root
 * (no component is a symlink), and exist there: a directory for a directory, a file for a file.
 */
export type SandboxMount =
  /** `source` is a file or directory of the host. */
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly readonly: boolean }
  /** `size` is in bytes; undefined for the kernel's default. */
  | { readonly kind: 'tmpfs'; readonly target: string; readonly size: number | undefined; readonly mode: number }

/**
 * A resource limit (`--ulimit`). Its name is that of setrlimit(2) without `RLIMIT_`, in lower case: `nofile`, `core`
 * and so on.
 */
export interface ResourceLimit {
  readonly name: string
  readonly soft: number
  readonly hard: number
}

/** Limits that need a control group; undefined if nothing was asked for. */
export interface ControlLimits {
  /** Bytes. */
  readonly memory?: number | undefined
  /** Bytes of memory and swap together; -1 for no limit. */
  readonly memorySwap?: number | undefined
  readonly cpuShares?: number | undefined
  /** Microseconds. */
  readonly cpuPeriod?: number | undefined
  /** Microseconds of each period. */
  readonly cpuQuota?: number | undefined
  readonly cpusetCpus?: string | undefined
  readonly cpusetMems?: string | undefined
}

/** The user that a command runs as, in the ids of the image. */
export interface SandboxUser {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

/** One command in a root filesystem. Everything is decided by now: a back-end adds the isolation only. */
export interface SandboxCommand {
  /** Unique among the commands that run on this machine; `[a-z0-9-]+`. */
  readonly id: string
  /** The root filesystem's directory on the host. It has the directories `/proc`, `/dev` and `/sys`. */
  readonly root: string
  /** An empty directory for the back-end's own files, removed by the caller once the command has ended. */
  readonly scratch: string
  readonly args: readonly string[]
  /** The whole environment, each variable as `NAME=value`. */
  readonly env: readonly string[]
  /** Absolute; exists in the root. */
  readonly cwd: string
  readonly user: SandboxUser
  /** In the order in which they are mounted. The back-end itself mounts /proc, /dev and /sys. */
  readonly mounts: readonly SandboxMount[]
  readonly hostname: string
  /** `none`: a loopback only. {@link BackendFeatures} says whether a back-end can do that. */
  readonly network: 'host' | 'none'
  /** `--security=insecure`: all capabilities that the worker has, no seccomp filter, no masked paths. */
  readonly insecure: boolean
  readonly resourceLimits: readonly ResourceLimit[]
  readonly controlLimits: ControlLimits
  /** The size of /dev/shm in bytes (`--shm-size`). */
  readonly shmSize: number
}

/** How to start a command on the host, and how to clean up after it. */
export interface PreparedCommand {
  readonly file: string
  readonly args: readonly string[]
  /** The launcher's environment; the command's own is {@link SandboxCommand.env}. */
  readonly env: Readonly<Record<string, string>>
  /** Files that the launcher inherits as descriptors 3, 4, …; the caller opens and closes them. */
  readonly files?: readonly string[] | undefined
  /** The signal on which the launcher kills all processes of the command and ends; undefined if it knows none. */
  readonly endSignal?: NodeJS.Signals | undefined
  /** Kills the processes of the command that outlived the launcher's process group. Idempotent. */
  kill(): Promise<void>
  /**
   * Undoes what prepare() did on the host, such as copies that stand for mounts. Called once, after the command has
   * ended in whatever way.
   */
  finish(): Promise<void>
}

/** The abilities of a back-end beyond running a command. */
export interface BackendFeatures {
  /** Whether it can do `network: 'none'`. */
  readonly networkNone: boolean
  /** Whether it can set {@link ControlLimits}. */
  readonly controlLimits: boolean
  /** Whether `insecure` gives more than the default. */
  readonly insecure: boolean
  /** Whether a command can neither see nor signal other processes of the host. */
  readonly processes: boolean
  /** Whether mounts are real, so that changes to a mount's target stay out of the root. */
  readonly mounts: boolean
}

export interface Backend {
  readonly isolation: Isolation
  /** The program and its version, for people: `runc 1.1.5`, `bubblewrap 0.8.0`, `unshare (util-linux 2.38.1)`. */
  readonly program: string
  readonly features: BackendFeatures
  /**
   * The reason why the back-end gives a command no seccomp filter; undefined if it gives one, as a back-end without
   * this function always does. The command still has a filter that the worker itself runs under.
   */
  readonly withoutFilter?: ((command: SandboxCommand) => string | undefined) | undefined
  prepare(command: SandboxCommand): Promise<PreparedCommand>
}

/** How the user ids of the image map to those of the host. */
export type IdMapping =
  /** The worker is real root: every id is itself. */
  | 'root'
  /** A user namespace with a range of ids: seen from inside, every id of the range is itself. */
  | 'multiple'
  /** A user namespace with one id, which owns all files on disk. */
  | 'single'
  /** No user namespace, and the worker is not root. */
  | 'none'

/** The namespaces that the worker, the process which runs back-ends, is put into. */
export interface WorkerNamespaces {
  readonly mapping: IdMapping
  /** Whether the worker has a mount namespace of its own, and may mount in it. */
  readonly mounts: boolean
  /**
   * Whether the worker has a process id namespace of its own: killing the worker kills all processes that it started.
   */
  readonly processes: boolean
  /** The arguments that go before the worker's command line; empty for no new namespaces. */
  readonly launcher: readonly string[]
}

/** A feature of the system that was tried, and the result. */
export interface Probe {
  /** e.g. `user namespace with subordinate ids`, `runc`, `overlayfs in the store`. */
  readonly name: string
  readonly ok: boolean
  /** One line: the benefit, or the system's own message if it failed. */
  readonly detail: string
  /** A one-line remedy, if the probe failed and one is known. */
  readonly remedy?: string | undefined
}

/** The outcome of a command. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
