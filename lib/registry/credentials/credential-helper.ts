// Runs credential helpers (github.com/docker/docker-credential-helpers): `docker-credential-NAME get|store|erase`.
import { spawn } from 'node:child_process'
import { hasErrno } from '../../base/errno.ts'
import type { Env } from '../config-directories.ts'

export type HelperAnswer =
  | { readonly kind: 'found'; readonly username: string; readonly secret: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly problem: string }

export interface HelperOptions {
  readonly env: Env
  readonly signal?: AbortSignal | undefined
}

/** The time that a helper may take, in milliseconds. */
const TIMEOUT = 60_000
const OUTPUT_LIMIT = 1 << 20
/** The characters of the error output that are kept: a message is taken from its start. */
const STDERR_LIMIT = 4096

/** Gets the credentials of a server from a helper. Rejects only with the signal's reason. */
export async function askHelper(name: string, server: string, options: HelperOptions): Promise<HelperAnswer> {
  const { code, stdout, stderr, problem } = await runHelper(name, { verb: 'get', input: server }, options)
  if (problem !== undefined) return { kind: 'failed', problem }
  // Helpers report missing credentials by this text on standard output.
  if (code !== 0 && /credentials not found/i.test(stdout)) return { kind: 'none' }
  if (code !== 0) return { kind: 'failed', problem: failureOf(code, stdout, stderr) }
  return readAnswer(stdout)
}

/** Stores or erases credentials with a helper. Returns the problem, if there is one. */
export async function updateHelper(
  name: string,
  request:
    | { readonly verb: 'store'; readonly entry: StoredEntry }
    | { readonly verb: 'erase'; readonly server: string },
  options: HelperOptions,
): Promise<string | undefined> {
  const input = request.verb === 'store' ? JSON.stringify(request.entry) : request.server
  const { code, stdout, stderr, problem } = await runHelper(name, { verb: request.verb, input }, options)
  if (problem !== undefined || code === 0) return problem
  return failureOf(code, stdout, stderr)
}

/** An entry with the field names of the helpers' protocol. */
export interface StoredEntry {
  readonly ServerURL: string
  readonly Username: string
  readonly Secret: string
}

function readAnswer(stdout: string): HelperAnswer {
  const failed: HelperAnswer = { kind: 'failed', problem: 'its answer is not the JSON of credentials' }
  try {
    const value: unknown = JSON.parse(stdout)
    if (typeof value !== 'object' || value === null || !('Username' in value) || !('Secret' in value)) return failed
    const { Username: username, Secret: secret } = value
    if (typeof username !== 'string' || typeof secret !== 'string') return failed
    // Some helpers return empty fields for missing credentials.
    return username === '' && secret === '' ? { kind: 'none' } : { kind: 'found', username, secret }
  } catch (error) {
    if (error instanceof SyntaxError) return failed
    throw error
  }
}

interface HelperRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly problem?: string
}

function runHelper(
  name: string,
  { verb, input }: { readonly verb: 'get' | 'store' | 'erase'; readonly input: string },
  { env, signal }: HelperOptions,
): Promise<HelperRun> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    return Promise.resolve({ code: null, stdout: '', stderr: '', problem: 'that is no name of a helper' })
  }
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [verb], {
      env: { ...env },
      stdio: 'pipe',
      windowsHide: true,
      signal,
    })
    const chunks: Buffer[] = []
    let size = 0
    // A grandchild may hold the helper's output open, so the end of the output is not awaited.
    const stop = (problem: string): void => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      end({ code: null, stdout: '', stderr: '', problem })
    }
    const timer = setTimeout(() => stop('it did not answer in a minute'), TIMEOUT)
    const end = (run: HelperRun): void => {
      clearTimeout(timer)
      resolve(run)
    }
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk}`.slice(0, STDERR_LIMIT)
    })
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.byteLength
      if (size <= OUTPUT_LIMIT) chunks.push(chunk)
      else stop('its answer is too long')
    })
    child.on('error', (error) => {
      clearTimeout(timer)
      if (signal?.aborted) reject(signal.reason)
      const missing = hasErrno(error, 'ENOENT')
      resolve({ code: null, stdout: '', stderr: '', problem: missing ? 'it is not in PATH' : error.message })
    })
    child.on('close', (code, killed) => {
      const problem = code === null ? { problem: `it was ended by ${killed}` } : {}
      end({ code, stdout: Buffer.concat(chunks).toString(), stderr, ...problem })
    })
    // The exit code shows whether a helper failed to read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Helpers report errors on standard output; the programs that they call do so on standard error. */
function failureOf(code: number | null, stdout: string, stderr: string): string {
  const said = [firstLine(stdout), firstLine(stderr)].filter((line) => line !== '')
  return said.length === 0 ? `exit code ${code}` : said.join(': ')
}

const firstLine = (text: string): string => text.trim().split('\n')[0]?.slice(0, 200) ?? ''
