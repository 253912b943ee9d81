// Runs the system's git without the configuration of the user or of the system, and without prompts.
import { spawn } from 'node:child_process'
import { hasErrno, isSystemError } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { redactUrl } from '../../base/git-url.ts'

export interface GitCommand {
  /** The working directory, to which relative paths in the output refer. */
  readonly cwd: string
  readonly gitDir?: string | undefined
  readonly workTree?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** The environment from which PATH, proxies and the ssh agent are taken; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** The Authorization header, sent to this http(s) URL and URLs below it only. There, no redirect is followed. */
  readonly authorization?: { readonly remote: string; readonly header: string } | undefined
  /** Receives the output in chunks. If it throws, git is stopped and the call rejects with that error. */
  readonly onOutput?: ((chunk: Buffer) => void) | undefined
}

/** A git command that failed, with its error output. */
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

/**
 * Milliseconds that a single command may take, so that a server that sends a byte a minute cannot block a build
 * for ever.
 */
const TIMEOUT = 60 * 60 * 1000
/** Bytes: the most output that a command without `onOutput` may print, and the most error output that is kept. */
const MAX_OUTPUT = 16 << 20
const MAX_STDERR = 64 << 10

/**
 * Runs git and returns its output. The only configuration that git reads is the one of the repository, which
 * this program writes. Git runs no hooks, prompts for nothing, and uses http, https, ssh and git only. Rejects
 * with a {@link GitFailure}, with `GIT_UNAVAILABLE` if git is not installed, with `GIT_FAILED` after an hour,
 * and with the signal's reason.
 */
export async function runGit(args: readonly string[], command: GitCommand): Promise<string> {
  const { cwd, gitDir, workTree, signal, env = process.env } = command
  signal?.throwIfAborted()
  const directories = [
    ...(gitDir === undefined ? [] : [`--git-dir=${gitDir}`]),
    ...(workTree === undefined ? [] : [`--work-tree=${workTree}`]),
  ]
  const child = spawn('git', [...CONFIG, ...directories, ...args], {
    cwd,
    env: { ...safeEnvironment(env), ...credentials(command.authorization) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, because git's helper processes survive when only git is killed.
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
  let errorSize = 0
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
    if ((errorSize += chunk.length) <= MAX_STDERR) errors.push(chunk)
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

/**
 * Turns a {@link GitFailure} into a `GIT_FAILED` error for users, with a hint; other errors are returned as
 * they are.
 */
export function gitFailed(error: unknown, verb: string, remote: string): unknown {
  if (!(error instanceof GitFailure)) return error
  const lines = error.stderr.split('\n').map((line) => line.trim())
  const at = lines.findIndex((text) => /^(?:fatal|error|remote|ssh):/i.test(text))
  const line = lines[Math.max(at, 0)] || 'it gave no reason'
  // Some messages continue on the next line.
  const whole = line.endsWith(':') ? `${line} ${lines[Math.max(at, 0) + 1] ?? ''}`.trim() : line
  const reason = redactUrls(whole.replace(/^(?:fatal|error): /, ''))
  const url = redactUrl(remote)
  const hint = HINTS.find(([pattern]) => pattern.test(error.stderr))?.[1]
  return new TsbuildError('GIT_FAILED', `cannot ${verb} ${JSON.stringify(url)}: ${reason}`, { hint, cause: error })
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /could not read (?:Username|Password)|Authentication failed|terminal prompts disabled/i,
    'the repository does not exist, or needs credentials: https://USER:TOKEN@HOST/PATH.git',
  ],
  [
    /returned error: 30[1-8]/i,
    'the server redirects, and credentials are not sent to where it redirects: give the URL that it redirects to',
  ],
  [/Permission denied \(publickey/i, 'load a key with access to the repository into the ssh agent (ssh-add)'],
  [/Host key verification failed/i, 'the key of the host has changed: see ~/.ssh/known_hosts'],
  [/transport '.*' not allowed/i, 'use http, https, ssh or git, also for submodules'],
  [/ssh: not found|cannot run ssh/i, 'install ssh, or use an https URL'],
  [/Could not resolve host|unable to look up/i, 'check the spelling; behind a proxy, set HTTPS_PROXY'],
]

/** Settings on the command line, which go before the configuration of any repository. */
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

/** The variables that git inherits. */
const INHERITED = [
  'PATH',
  'HOME',
  'TMPDIR',
  // Programs on Windows need these.
  'SYSTEMROOT',
  'USERPROFILE',
  'TEMP',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
]

function safeEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = INHERITED.flatMap((name): [string, string][] => {
    const value = env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return {
    ...Object.fromEntries(kept),
    // Messages are matched in English.
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'http:https:ssh:git',
    GIT_LFS_SKIP_SMUDGE: '1',
    // A transfer below a kilobyte a second for a minute has stalled.
    GIT_HTTP_LOW_SPEED_LIMIT: '1000',
    GIT_HTTP_LOW_SPEED_TIME: '60',
    GIT_SSH_COMMAND:
      'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=30 -o ServerAliveInterval=30',
  }
}

/**
 * Credentials are passed in the environment, since all users can see command lines. They are never written to a
 * repository.
 */
function credentials(authorization: GitCommand['authorization']): Record<string, string> {
  if (!authorization) return {}
  const { remote, header } = authorization
  // A token for a repository on GitHub is also sent for its submodules there, as actions/checkout and BuildKit do.
  const scope = /^https:\/\/(?:www\.)?github\.com\//.exec(remote)?.[0] ?? remote
  const settings = [
    ['extraheader', `Authorization: ${header}`],
    // git would send the header to where a redirect leads, too.
    ['followredirects', 'false'],
  ] as const
  const variables = settings.flatMap(([name, value], i): [string, string][] => [
    [`GIT_CONFIG_KEY_${i}`, `http.${scope}.${name}`],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ])
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(variables) }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch (error) {
    // The process has already ended.
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}

function isMissing(error: unknown): boolean {
  return hasErrno(error, 'ENOENT') && isSystemError(error)
}

function unavailable(cause: unknown): TsbuildError {
  return new TsbuildError('GIT_UNAVAILABLE', 'git is not installed, or not in PATH', {
    hint: 'install git, or check out the repository and build from the directory',
    cause,
  })
}

/** Removes the credentials from every URL in a text. */
function redactUrls(text: string): string {
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/gi, (url) => redactUrl(url))
}
