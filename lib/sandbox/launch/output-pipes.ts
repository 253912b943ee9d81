// Pipes for the output of commands, as with Docker. Node.js gives a child sockets, which can't be opened again: `>
// /dev/stderr` would fail, and with it `tee /dev/stderr` and every log that is linked to /dev/stdout. Node.js has no
// pipe(2), so that these are named pipes, removed once they are open.
import { spawnSync } from 'node:child_process'
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { findProgram } from '../../base/find-program.ts'
import { probeEnvironment } from '../attempt.ts'

/** One end for this process, and one for the command: a file descriptor, to be closed here once the command has it. */
export interface OutputPipe {
  readonly reader: Socket
  readonly writer: number
}

/**
 * Opens a pipe whose ends can be opened again; undefined if there is no mkfifo, or the file system has no named
 * pipes.
 */
export type OpenPipe = () => OutputPipe | undefined

/**
 * The number of named pipes made at a time: starting a program for each would take a tenth of a short command's time.
 */
const BATCH = 32

/**
 * Makes pipes for commands that run one after the other or side by side. The caller removes the directory, with what
 * is in it.
 */
export function createPipes(directory: string): OpenPipe {
  // mkdtemp makes a directory that only this user may enter.
  const home = mkdtempSync(join(directory, 'pipes-'))
  const paths: string[] = []
  let made = 0
  let canMake = true
  return () => {
    if (paths.length === 0 && canMake) {
      const more = Array.from({ length: BATCH }, (_, i) => join(home, String(made + i)))
      made += BATCH
      canMake = makeNamedPipes(more)
      if (canMake) paths.push(...more)
    }
    const path = paths.pop()
    return path === undefined ? undefined : openPipe(path)
  }
}

function makeNamedPipes(paths: readonly string[]): boolean {
  const program = findProgram('mkfifo')
  // Mode 666, since a command may run as any user.
  return program !== undefined && spawnSync(program, ['-m', '666', ...paths], { env: probeEnvironment() }).status === 0
}

function openPipe(path: string): OutputPipe {
  try {
    // O_NONBLOCK opens without waiting for a writer, and the writer then finds a reader.
    const reader = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true })
    return { reader, writer: openSync(path, constants.O_WRONLY) }
  } finally {
    rmSync(path, { force: true })
  }
}
