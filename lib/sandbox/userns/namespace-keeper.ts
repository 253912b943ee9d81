// A process that keeps namespaces alive until this process is done with them.
import { type ChildProcess, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'
import { probeEnvironment } from '../attempt.ts'
import { firstLine } from '../run-program.ts'

export interface NamespaceKeeper {
  /** The keeper's process id, as /proc shows it here. */
  readonly pid: number
  /**
   * Ends the keeper, and the process id namespace whose first process it is. Settles when both are gone. Idempotent.
   */
  end(): Promise<void>
}

/**
 * Starts a program whose last argument is a shell, and gives the shell a script: it has to print `ready PID` and then
 * stay until its input ends. The keeper ends with this process, however that ends. Rejects with SANDBOX_FAILED and
 * what the program printed, if it ends before it is ready.
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
  // The `exit` event reports a keeper that is gone already.
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
      // The first process of a namespace waits until the others are reaped. If its launcher was killed, it may have
      // been adopted by a process that reaps nobody, such as a worker: then it stays as a zombie, and no namespaces
      // are left.
      while (!ended && isAlive(pid)) await Promise.race([closed, setTimeout(2)])
      child.unref()
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    },
  }
}

/** Whether a process still has namespaces: a zombie has none. */
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
    let output = ''
    let errors = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(0, 65536)
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk}`.slice(-64)
      const pid = /^ready (\d+)\n/.exec(output)?.[1]
      if (pid) resolve(Number(pid))
    })
    child.on('error', (cause) =>
      reject(new TsbuildError('SANDBOX_FAILED', `cannot make namespaces: ${cause.message}`, { cause })),
    )
    child.on('close', (code, signal) => {
      const why = firstLine(errors) ?? (signal ? `killed by ${signal}` : `exit code ${code}`)
      reject(new TsbuildError('SANDBOX_FAILED', `cannot make namespaces: ${why}`))
    })
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has just ended by itself.
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}
