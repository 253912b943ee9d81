// The vocabulary of the sandbox: what a RUN needs, and what a back-end promises.

/** Strongest first; `docs/sandbox.md` says what each keeps apart. */
export type Isolation = 'oci' | 'bwrap' | 'userns' | 'chroot' | 'proot'

/**
 * What a command sees at `target` instead of the root's own files. Targets are absolute, resolved inside the root (no component is a
 * symlink), and exist there: a directory for a directory, a file for a file.
 */
export type SandboxMount =
  /** `source` is a file or directory of the host. */
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly readonly: boolean }
  /** `size` in bytes, undefined for no limit of its own. */
  | { readonly kind: 'tmpfs'; readonly target: string; readonly size: number | undefined; readonly mode: number }

/** Resource limit by its name in setrlimit(2) without `RLIMIT_`, lower case: `nofile`, `core`, … */
export interface ResourceLimit {
  readonly name: string
  readonly soft: number
  readonly hard: number
}

/** Limits that need a control group; undefined where nothing was asked for. */
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

/** One command in a root filesystem. All of it is decided: a back-end adds nothing but the isolation. */
export interface SandboxCommand {
  /** Unique among all commands that run on this machine; `[a-z0-9-]+`. */
  readonly id: string
  /** The root filesystem's directory on the host. It has the directories `/proc`, `/dev` and `/sys`. */
  readonly root: string
  /** An empty directory for the back-end's own files, removed by the caller once the command has ended. */
  readonly scratch: string
  readonly args: readonly string[]
  /** All of the environment, `NAME=value`. */
  readonly env: readonly string[]
  /** Absolute; exists in the root. */
  readonly cwd: string
  readonly user: SandboxUser
  /** In the order in which they are mounted; `/proc`, `/dev` and `/sys` are not among them, they are the back-end's. */
  readonly mounts: readonly SandboxMount[]
  readonly hostname: string
  /** `none`: loopback only. A back-end that can't do it says so in {@link BackendFeatures}. */
  readonly network: 'host' | 'none'
  /** `--security=insecure`: all capabilities that the place has, no seccomp filter, nothing masked. */
  readonly insecure: boolean
  readonly resourceLimits: readonly ResourceLimit[]
  readonly controlLimits: ControlLimits
  /** Bytes of `/dev/shm`. */
  readonly shmSize: number
}

/** How to start a command on the host, and what to do around it. */
export interface PreparedCommand {
  readonly file: string
  readonly args: readonly string[]
  /** The launcher's environment; the command's own is {@link SandboxCommand.env}. */
  readonly env: Readonly<Record<string, string>>
  /** Files whose descriptors the launcher inherits as 3, 4, …; opened and closed by the runner. */
  readonly files?: readonly string[] | undefined
  /** Kills whatever of the command may still run, after the launcher's process group was killed. Idempotent. */
  kill(): Promise<void>
  /** Undoes what prepare() did on the host, e.g. files copied in for mounts. Called once, after the command has ended however it ended. */
  finish(): Promise<void>
}

/** What a back-end can do beyond running a command. */
export interface BackendFeatures {
  /** Whether `network: 'none'` can be had. */
  readonly networkNone: boolean
  /** Whether {@link ControlLimits} can be had. */
  readonly controlLimits: boolean
  /** Whether `insecure` gives more than the default. */
  readonly insecure: boolean
  /** Whether other processes of the host are out of sight and reach. */
  readonly processes: boolean
  /** Whether changes that a command makes at a mount's target stay out of the root by themselves (real mounts). */
  readonly mounts: boolean
}

export interface Backend {
  readonly isolation: Isolation
  /** What it runs with, for people: `runc 1.1.5`, `bubblewrap 0.8.0`, `unshare (util-linux 2.38.1)`. */
  readonly program: string
  readonly features: BackendFeatures
  prepare(command: SandboxCommand): Promise<PreparedCommand>
}

/** How the user ids of the image map to the place where commands run. */
export type IdMapping =
  /** Real root: every id is itself. */
  | 'root'
  /** A user namespace with a range of ids: every id of the range is itself, seen from inside. */
  | 'multiple'
  /** A user namespace with one id: all files belong to it, whatever they should. */
  | 'single'
  /** No namespace, not root. */
  | 'none'

/** The namespaces that the process which runs back-ends (the worker) can be put into, best first. */
export interface WorkerNamespaces {
  readonly mapping: IdMapping
  /** Whether the worker has a mount namespace of its own, in which it may mount. */
  readonly mounts: boolean
  /** Whether the worker has a process id namespace of its own: killing the worker kills all that it started. */
  readonly processes: boolean
  /** Words to put before the worker's command line; empty to start it as it is. */
  readonly launcher: readonly string[]
}

/** What was tried, and what came of it. */
export interface Probe {
  /** e.g. `user namespace with subordinate ids`, `runc`, `overlayfs in the store`. */
  readonly name: string
  readonly ok: boolean
  /** One line: what it gives, or what failed with the system's own words. */
  readonly detail: string
  /** What would make it work, for a failed one. */
  readonly remedy?: string | undefined
}

/** The outcome of a command. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
