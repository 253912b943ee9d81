// A process that keeps namespaces for as long as this one wants them.
import { type ChildProcess, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { probeEnvironment } from '../attempt.ts'
import { firstLine } from '../run-program.ts'

export interface NamespaceKeeper {
  /** Its process id as /proc shows it here. */
  readonly pid: number
  /** Ends it, and with it a process id namespace that it is the first process of. Settles when they are gone; idempotent. */
  end(): Promise<void>
}

/**
 * Starts a program whose last words are a shell that reads a script: it is to say `ready PID` and then stay until its input ends. It ends with this process however that ends.
 * Rejects with SANDBOX_FAILED and what the program said, if it ends before it is ready.
 */
export async function startNamespaceKeeper(
  file: string,
  args: readonly string[],
  script: string,
): Promise<NamespaceKeeper> {
  const child = spawn(file, args, { env: probeEnvironment(), detached: true, stdio: 'pipe' })
  const closed = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', () => resolve())
  })
  // If it is gone already, that is known by other means.
  child.stdin.on('error', () => undefined)
  child.stdin.write(script)
  const pid = await ready(child)
  return {
    pid,
    async end() {
      if (child.exitCode === null && child.signalCode === null) kill(pid)
      let ended = false
      void closed.then(() => {
        ended = true
      })
      // The first process of a namespace waits for the others to be reaped. One whose launcher was killed may have been adopted by a
      // first process that reaps nobody, such as a worker: then all that is left of the namespace is that.
      while (!ended && isAlive(pid)) await Promise.race([closed, setTimeout(2)])
      child.unref()
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    },
  }
}

/** Whether a process still has namespaces, and with them others that it may be the first of. */
function isAlive(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/ns/mnt`)
    return true
  } catch {
    return false
  }
}

function ready(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    let complained = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complained = `${complained}${chunk}`.slice(0, 65536)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk}`.slice(-64)
      const pid = /^ready (\d+)\n/.exec(said)?.[1]
      if (pid) resolve(Number(pid))
    })
    child.on('error', (cause) =>
      reject(new TsbuildError('SANDBOX_FAILED', `cannot make namespaces: ${cause.message}`, { cause })),
    )
    child.on('close', (code, signal) => {
      const why = firstLine(complained) ?? (signal ? `killed by ${signal}` : `exit code ${code}`)
      reject(new TsbuildError('SANDBOX_FAILED', `cannot make namespaces: ${why}`))
    })
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself just now.
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}
