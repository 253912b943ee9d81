// Runs a small program to see whether the system allows what it does.

import { type ChildProcess, spawn } from 'node:child_process'
import { getSystemErrorMap } from 'node:util'
import { DEFAULT_PATH } from '../base/default-path.ts'
import { errnoOf } from '../base/errno.ts'
import { messageOf } from '../base/errors.ts'

export interface Attempt {
  readonly ok: boolean
  /** Standard output, trimmed; at most 64 KiB of it. */
  readonly output: string
  /**
   * The system's own message on one line, with the name of its error number: `unshare failed: … (EPERM)`. Empty if
   * ok.
   */
  readonly message: string
  /** `EPERM`, `ENOENT`, …, if the message names an error. */
  readonly errno: string | undefined
}

export interface AttemptOptions {
  /** Milliseconds; default 5000. */
  readonly timeout?: number
  /** Default: the builder's PATH and nothing else, in the C locale. */
  readonly env?: Readonly<Record<string, string>>
  /** The descriptors that the program inherits as 3, 4, …. */
  readonly descriptors?: readonly number[]
}

/** Runs a command line to its end, or kills it and its process group after the timeout. Never rejects. */
export function attempt(argv: readonly string[], options: AttemptOptions = {}): Promise<Attempt> {
  const { timeout = 5000, env = probeEnvironment(), descriptors = [] } = options
  const [file = '', ...args] = argv
  return new Promise((resolve) => {
    let child: ChildProcess
    try {
      child = spawn(file, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', ...descriptors] })
    } catch (error) {
      resolve(failed(`${file}: ${messageOf(error)}`))
      return
    }
    const output = collect(child.stdout)
    const errors = collect(child.stderr)
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(child)
      // A grandchild that left the group may hold the pipes open for ever.
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, timeout)
    child.on('error', (error) => {
      clearTimeout(timer)
      const errno = errnoOf(error)
      const reason = errno === 'ENOENT' ? 'no such program in PATH' : systemText(errno)
      resolve(failed(`${file}: ${reason}${errno ? ` (${errno})` : ''}`))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (late) return resolve(failed(`${file} did not end within ${timeout / 1000} s`))
      const text = output().trim()
      if (code === 0) return resolve({ ok: true, output: text, message: '', errno: undefined })
      const ended = signal ? `was killed by ${signal}` : `exited with code ${code}`
      resolve({ ...failed(lastLine(errors()) ?? lastLine(text) ?? `${file} ${ended}`), output: text })
    })
  })
}

/** The environment of a probe: PATH, so that programs are found, and messages in English. */
export function probeEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? DEFAULT_PATH, LC_ALL: 'C' }
}

/** A failed attempt with the message of an error. */
export function failedAttempt(error: unknown): Attempt {
  const errno = errnoOf(error)
  return {
    ...failed(printable(messageOf(error))),
    ...(errno !== undefined && /^E[A-Z0-9]+$/.test(errno) ? { errno } : {}),
  }
}

function failed(text: string): Attempt {
  const named = /\((E[A-Z0-9]+)\)$/.exec(text)?.[1]
  const errno = named ?? errnoIn(text)
  return { ok: false, output: '', message: named || !errno ? text : `${text} (${errno})`, errno }
}

/** The name of the error whose text is in a message. */
function errnoIn(message: string): string | undefined {
  const lower = message.toLowerCase()
  const found = [...getSystemErrorMap().values()].filter(([, text]) => lower.includes(text))
  // The longest text wins over a shorter one that is part of it.
  return found.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0]
}

function systemText(code: string | undefined): string {
  const found = [...getSystemErrorMap().values()].find(([name]) => name === code)
  return found?.[1] ?? 'could not be started'
}

/** The last line that is not empty: programs that wrap errors put the cause at the end. */
function lastLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim())
  const line = lines.findLast((candidate) => candidate !== '')
  return line === undefined ? undefined : printable(withoutLogFields(line)).slice(0, 400)
}

/** The message alone of a line such as `time="…" level=error msg="…"` or `2026-01-01T00:00:00Z: …`. */
function withoutLogFields(line: string): string {
  const message = /^time=.* level=\w+ msg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1]
  if (message === undefined) return line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z: /, '')
  return message.slice(1, -1).replaceAll('\\"', '"')
}

function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ')
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    if (size < 65536) chunks.push(chunk)
    size += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8').slice(0, 65536)
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group has just ended.
  }
}
