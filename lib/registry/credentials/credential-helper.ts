// Programs that keep passwords (github.com/docker/docker-credential-helpers): `docker-credential-NAME get|store|erase`.
import { spawn } from 'node:child_process'
import { hasErrno } from '../../base/errno.ts'
import type { Env } from '../config-directories.ts'

export type HelperAnswer =
  | { readonly kind: 'found'; readonly username: string; readonly secret: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly problem: string }

const TIMEOUT = 60_000
const OUTPUT_LIMIT = 1 << 20

/** Asks a helper for the credentials of a server. Rejects only with the signal's reason. */
export async function askHelper(name: string, server: string, env: Env, signal?: AbortSignal): Promise<HelperAnswer> {
  const { code, stdout, problem } = await runHelper(name, 'get', server, env, signal)
  if (problem !== undefined) return { kind: 'failed', problem }
  // Helpers say so on standard output, in these words.
  if (code !== 0 && /credentials not found/i.test(stdout)) return { kind: 'none' }
  if (code !== 0) return { kind: 'failed', problem: firstLine(stdout) || `exit code ${code}` }
  return readAnswer(stdout)
}

/** Has a helper keep or forget credentials. Gives what went wrong, if anything did. */
export async function tellHelper(
  name: string,
  request:
    | { readonly verb: 'store'; readonly entry: StoredEntry }
    | { readonly verb: 'erase'; readonly server: string },
  env: Env,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const input = request.verb === 'store' ? JSON.stringify(request.entry) : request.server
  const { code, stdout, problem } = await runHelper(name, request.verb, input, env, signal)
  if (problem !== undefined || code === 0) return problem
  return firstLine(stdout) || `exit code ${code}`
}

/** The fields are the protocol's. */
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
    // Some helpers answer with nothing for what they don't have.
    return username === '' && secret === '' ? { kind: 'none' } : { kind: 'found', username, secret }
  } catch (error) {
    if (error instanceof SyntaxError) return failed
    throw error
  }
}

interface HelperRun {
  readonly code: number | null
  readonly stdout: string
  readonly problem?: string
}

function runHelper(name: string, verb: string, input: string, env: Env, signal?: AbortSignal): Promise<HelperRun> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    return Promise.resolve({ code: null, stdout: '', problem: 'that is no name of a helper' })
  }
  return new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [verb], {
      env: { ...env },
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
      signal,
    })
    const chunks: Buffer[] = []
    let size = 0
    // What the helper started may hold its output open, so nothing waits for the end of that.
    const stop = (problem: string): void => {
      child.kill('SIGKILL')
      child.stdout.destroy()
      end({ code: null, stdout: '', problem })
    }
    const timer = setTimeout(() => stop('it did not answer in a minute'), TIMEOUT)
    const end = (run: HelperRun): void => {
      clearTimeout(timer)
      resolve(run)
    }
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.byteLength
      if (size <= OUTPUT_LIMIT) chunks.push(chunk)
      else stop('its answer is too long')
    })
    child.on('error', (error) => {
      clearTimeout(timer)
      if (signal?.aborted) reject(signal.reason)
      const missing = hasErrno(error, 'ENOENT')
      resolve({ code: null, stdout: '', problem: missing ? 'it is not in PATH' : error.message })
    })
    child.on('close', (code, killed) => {
      const problem = code === null ? { problem: `it was ended by ${killed}` } : {}
      end({ code, stdout: Buffer.concat(chunks).toString(), ...problem })
    })
    // A helper that doesn't read its input is seen by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

const firstLine = (text: string): string => text.trim().split('\n')[0]?.slice(0, 200) ?? ''
