// The environment of a command: streams, variables, working directory.
import { isatty } from 'node:tty'
import { hasErrno } from '../../base/errno.ts'
import type { Workflow } from './workflow.ts'

/** An output for text, and its abilities. */
export interface Screen {
  write(text: string): void
  /** Undefined if the reader keeps up; else settles when it has taken all that was written. Never rejects. */
  caughtUp(): Promise<void> | undefined
  readonly isTTY: boolean
  readonly color: boolean
  readonly unicode: boolean
  /** The current columns and rows. */
  size(): { readonly width: number; readonly height: number }
  /** Calls `listener` when the size of the window changes. Returns a function that stops this. */
  onResize(listener: () => void): () => void
}

export interface Terminal {
  /** Results only. */
  readonly out: Screen
  /** Progress, warnings and errors. */
  readonly err: Screen
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: { readonly isTTY: boolean; bytes(): AsyncIterable<Uint8Array> }
  /** The step of a CI job that the command runs in, if it is one that shows more than a log. */
  readonly workflow?: Workflow | undefined
}

/** The terminal of this process. */
export interface ProcessTerminal extends Terminal {
  /** Settles when everything has been written, with the errors of the streams on which that failed. */
  written(): Promise<{ readonly out: Error | undefined; readonly err: Error | undefined }>
}

/**
 * The streams of the process. When a reader goes away (`| head`), further output is discarded without an error. After
 * any other error, further output is discarded, too.
 */
export function processTerminal(): ProcessTerminal {
  const { env } = process
  const [out, err] = [screen(process.stdout, env), screen(process.stderr, env)]
  return {
    out,
    err,
    written: async () => ({ out: await out.written(), err: await err.written() }),
    env,
    cwd: process.cwd(),
    // Opened when it is first read, since most commands do not need it.
    stdin: { isTTY: isatty(0), bytes: () => process.stdin },
  }
}

/** All of standard input as UTF-8 text. */
export async function readText(terminal: Terminal): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of terminal.stdin.bytes()) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

interface ProcessScreen extends Screen {
  /** Settles when everything has been written, with the error if that failed. */
  written(): Promise<Error | undefined>
}

function screen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): ProcessScreen {
  let open = true
  let failure: Error | undefined
  let behind: { readonly caughtUp: Promise<void>; readonly end: () => void } | undefined
  const catchUp = (): void => {
    behind?.end()
    behind = undefined
  }
  stream.on('drain', catchUp)
  stream.on('error', (error) => {
    if (open && !hasErrno(error, 'EPIPE')) failure = error
    open = false
    catchUp()
  })
  return {
    write: (text) => {
      if (!open || stream.write(text) || behind) return
      let end = (): void => {}
      const caughtUp = new Promise<void>((resolve) => {
        end = resolve
      })
      behind = { caughtUp, end }
    },
    caughtUp: () => behind?.caughtUp,
    written: async () => {
      // An error is reported to the callback first, and then to the listener above.
      if (open) await new Promise((resolve) => stream.write('', resolve))
      if (open) await new Promise(setImmediate)
      return failure
    },
    isTTY: stream.isTTY === true,
    color: wantsColor(stream, env),
    unicode: speaksUnicode(env),
    size: () => ({ width: stream.columns ?? 80, height: stream.rows ?? 24 }),
    onResize: (listener) => {
      stream.on('resize', listener)
      return () => void stream.off('resize', listener)
    },
  }
}

/** Whether to use colour, by https://no-color.org and https://force-color.org, as in Node.js. */
export function wantsColor(
  stream: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (env['NO_COLOR']) return false
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

/** Whether the character encoding of the locale is UTF-8, by the environment variables. */
export function speaksUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  if (locale) return /utf-?8/i.test(locale)
  return process.platform === 'win32' ? Boolean(env['WT_SESSION']) : process.platform === 'darwin'
}
