// Everything a command may know and touch of the outside: streams, environment, working directory.
import { isatty } from 'node:tty'
import { hasErrno } from '../../base/errno.ts'

/** Where text goes, and what can be shown there. */
export interface Screen {
  write(text: string): void
  readonly isTTY: boolean
  readonly color: boolean
  readonly unicode: boolean
  /** Columns and rows now; they change when the window does. */
  size(): { readonly width: number; readonly height: number }
  /** Calls back when the window changes its size; returns how to stop. */
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
}

/** The process's own streams. A reader that goes away (`| head`) ends output quietly. */
export function processTerminal(): Terminal {
  const { env } = process
  return {
    out: screen(process.stdout, env),
    err: screen(process.stderr, env),
    env,
    cwd: process.cwd(),
    // Opened when it is read: most commands don't.
    stdin: { isTTY: isatty(0), bytes: () => process.stdin },
  }
}

/** All of standard input as UTF-8 text. */
export async function readText(terminal: Terminal): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of terminal.stdin.bytes()) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function screen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  let open = true
  stream.on('error', (error) => {
    if (!hasErrno(error, 'EPIPE')) throw error
    open = false
  })
  return {
    write: (text) => {
      if (open) stream.write(text)
    },
    isTTY: stream.isTTY === true,
    color: wantsColor(stream.isTTY === true, env),
    unicode: speaksUnicode(env),
    size: () => ({ width: stream.columns ?? 80, height: stream.rows ?? 24 }),
    onResize: (listener) => {
      stream.on('resize', listener)
      return () => void stream.off('resize', listener)
    },
  }
}

/** https://no-color.org and https://force-color.org, as Node reads them too. */
export function wantsColor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (env['NO_COLOR']) return false
  return isTTY && env['TERM'] !== 'dumb'
}

/** Whether the locale's character encoding is UTF-8, as far as the environment tells. */
export function speaksUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG']
  if (locale) return /utf-?8/i.test(locale)
  return process.platform === 'win32' ? Boolean(env['WT_SESSION']) : process.platform === 'darwin'
}
