// Pipes for what commands write, as with Docker. Node.js gives a child sockets, which can't be opened again: `> /dev/stderr` would fail, and
// with it `tee /dev/stderr` and every log that is linked to /dev/stdout. It has no pipe(2), so that named pipes are made, and removed once open.
import { spawnSync } from 'node:child_process'
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { findProgram } from '../../base/find-program.ts'
import { probeEnvironment } from '../attempt.ts'

/** One end for this process, one for the command: a file descriptor, to be closed here once the command has it. */
export interface OutputPipe {
  readonly reader: Socket
  readonly writer: number
}

/** Gives a pipe that whoever has an end can open again; undefined where no program makes named pipes, or no file system takes them. */
export type OpenPipe = () => OutputPipe | undefined

/** Named pipes that are made at a time: starting a program for each would take a tenth of a short command's time. */
const BATCH = 32

/** For commands that run one after the other or side by side. What is made in the directory is removed with it, by the caller. */
export function createPipes(directory: string): OpenPipe {
  // Nobody else may come in.
  const place = mkdtempSync(join(directory, 'pipes-'))
  const paths: string[] = []
  let made = 0
  let canMake = true
  return () => {
    if (paths.length === 0 && canMake) {
      const more = Array.from({ length: BATCH }, (_, i) => join(place, String(made + i)))
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
  // Open for everyone, as a pipe's ends are for whoever has them: a command may run as any user.
  return program !== undefined && spawnSync(program, ['-m', '666', ...paths], { env: probeEnvironment() }).status === 0
}

function openPipe(path: string): OutputPipe {
  try {
    // Without waiting for a writer, who then doesn't wait for a reader.
    const reader = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true })
    return { reader, writer: openSync(path, constants.O_WRONLY) }
  } finally {
    rmSync(path, { force: true })
  }
}
