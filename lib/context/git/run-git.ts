// The system's git, with nothing of the user's or the repository's configuration, and nothing that asks.
import { spawn } from 'node:child_process'
import { hasErrno, isSystemError } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { redactUrl } from '../../base/git-url.ts'

export interface GitCommand {
  /** Where it runs; also what relative paths in its output are relative to. */
  readonly cwd: string
  readonly gitDir?: string | undefined
  readonly workTree?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Where PATH, proxies and the ssh agent come from. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** The Authorization header for this http(s) remote and what is below it, and for no other. */
  readonly authorization?: { readonly remote: string; readonly header: string } | undefined
  /** Takes the output as it comes. Throwing stops git, and is what the call rejects with. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined
}

/** A git command that ended with an error; its `stderr` is what git said. */
export class GitFailure extends Error {
  static {
    GitFailure.prototype.name = 'GitFailure'
  }
  readonly stderr: string
  constructor(command: string, stderr: string) {
    super(`git ${command}: ${stderr}`)
    this.stderr = stderr
  }
}

/** No single command takes longer: a server that sends a byte a minute must not hold a build for ever. */
const TIMEOUT = 60 * 60 * 1000
/** What is kept of the output of a command that has no `onOutput`, and of what any says to stderr. */
const MAX_OUTPUT = 16 << 20
const MAX_STDERR = 64 << 10

/**
 * Runs git and gives what it prints. It sees no configuration but the repository's own, which only we write; runs no hooks, asks for
 * no password, and speaks http, https, ssh and git only. Rejects with a {@link GitFailure}, with `GIT_UNAVAILABLE` if there is no
 * git, with `GIT_FAILED` after an hour, and with the signal's reason.
 */
export async function runGit(args: readonly string[], command: GitCommand): Promise<string> {
  const { cwd, gitDir, workTree, signal, env = process.env } = command
  signal?.throwIfAborted()
  const place = [
    ...(gitDir === undefined ? [] : [`--git-dir=${gitDir}`]),
    ...(workTree === undefined ? [] : [`--work-tree=${workTree}`]),
  ]
  const child = spawn('git', [...CONFIG, ...place, ...args], {
    cwd,
    env: { ...safeEnvironment(env), ...credentials(command.authorization) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: git's helpers outlive a git that is killed.
    detached: process.platform !== 'win32',
  })
  const out: Buffer[] = []
  const errors: Buffer[] = []
  let failure: unknown
  const stop = (reason: unknown): void => {
    failure ??= reason
    killGroup(child.pid)
  }
  const abort = (): void => stop(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  const name = args.find((arg) => !arg.startsWith('-')) ?? ''
  const timer = setTimeout(() => stop(new TsbuildError('GIT_FAILED', `git ${name} took more than an hour`)), TIMEOUT)
  let size = 0
  let said = 0
  child.stdout.on('data', (chunk: Buffer) => {
    if (failure !== undefined) return
    try {
      if (command.onOutput) command.onOutput(chunk)
      else out.push(chunk)
      if (!command.onOutput && (size += chunk.length) > MAX_OUTPUT)
        throw new TsbuildError('GIT_FAILED', `git ${name} printed more than ${MAX_OUTPUT} bytes`)
    } catch (error) {
      stop(error)
    }
  })
  child.stderr.on('data', (chunk: Buffer) => {
    if ((said += chunk.length) <= MAX_STDERR) errors.push(chunk)
  })
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    if (failure !== undefined) throw failure
    if (code !== 0) throw new GitFailure(name, Buffer.concat(errors).toString().trim())
    return Buffer.concat(out).toString()
  } catch (error) {
    if (failure !== undefined) throw failure
    throw isMissing(error) ? unavailable(error) : error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** A {@link GitFailure} as an error for people; anything else as it is. */
export function gitFailed(error: unknown, what: string, remote: string): unknown {
  if (!(error instanceof GitFailure)) return error
  const lines = error.stderr.split('\n').map((line) => line.trim())
  const at = lines.findIndex((text) => /^(?:fatal|error|remote|ssh):/i.test(text))
  const line = lines[Math.max(at, 0)] || 'it gave no reason'
  // Some reasons are on a line of their own.
  const whole = line.endsWith(':') ? `${line} ${lines[Math.max(at, 0) + 1] ?? ''}`.trim() : line
  const said = redactWords(whole.replace(/^(?:fatal|error): /, ''))
  const url = redactUrl(remote)
  const hint = HINTS.find(([pattern]) => pattern.test(error.stderr))?.[1]
  return new TsbuildError('GIT_FAILED', `cannot ${what} ${JSON.stringify(url)}: ${said}`, { hint, cause: error })
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /could not read (?:Username|Password)|Authentication failed|terminal prompts disabled/i,
    'the repository does not exist, or wants credentials: https://USER:TOKEN@HOST/PATH.git',
  ],
  [/Permission denied \(publickey/i, 'load a key that may read it into the ssh agent (ssh-add)'],
  [/Host key verification failed/i, 'the host has another key than before, see ~/.ssh/known_hosts'],
  [/transport '.*' not allowed/i, 'only http, https, ssh and git are spoken, also by submodules'],
  [/ssh: not found|cannot run ssh/i, 'install ssh, or use an https URL'],
  [/Could not resolve host|unable to look up/i, 'check the spelling; behind a proxy, set HTTPS_PROXY'],
]

/** Settings that a repository's own configuration can't have changed, as they are on the command line. */
const CONFIG: readonly string[] = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.autocrlf=false',
  'core.symlinks=true',
  'core.protectHFS=true',
  'core.protectNTFS=true',
  'credential.helper=',
  'init.defaultBranch=master',
  'advice.detachedHead=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'submodule.recurse=false',
  'transfer.credentialsInUrl=allow',
].flatMap((setting) => ['-c', setting])

const PASSED = [
  'PATH',
  'HOME',
  'TMPDIR',
  // What programs on Windows can't do without.
  'SYSTEMROOT',
  'USERPROFILE',
  'TEMP',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
]

function safeEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = PASSED.flatMap((name): [string, string][] => {
    const value = env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return {
    ...Object.fromEntries(kept),
    // Messages are looked at.
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'http:https:ssh:git',
    GIT_LFS_SKIP_SMUDGE: '1',
    // Less than a kilobyte a second for a minute is a server that hangs.
    GIT_HTTP_LOW_SPEED_LIMIT: '1000',
    GIT_HTTP_LOW_SPEED_TIME: '60',
    GIT_SSH_COMMAND:
      'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=30 -o ServerAliveInterval=30',
  }
}

/** In the environment, since a command line is there for all to see. It is never written to a repository. */
function credentials(authorization: GitCommand['authorization']): Record<string, string> {
  if (!authorization) return {}
  const { remote, header } = authorization
  // As actions/checkout and BuildKit do, a token for a repository at GitHub is good for its submodules there.
  const scope = /^https:\/\/(?:www\.)?github\.com\//.exec(remote)?.[0] ?? remote
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${scope}.extraheader`,
    GIT_CONFIG_VALUE_0: `Authorization: ${header}`,
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch (error) {
    // It has just ended by itself.
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}

function isMissing(error: unknown): boolean {
  return hasErrno(error, 'ENOENT') && isSystemError(error)
}

function unavailable(cause: unknown): TsbuildError {
  return new TsbuildError('GIT_UNAVAILABLE', 'git is not installed, or not in PATH', {
    hint: 'git repositories are fetched with the git program: install it, or check the repository out and give the directory',
    cause,
  })
}

/** Every URL in a text without credentials. */
function redactWords(text: string): string {
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/gi, (url) => redactUrl(url))
}
