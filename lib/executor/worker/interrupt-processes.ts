import { readdirSync, readFileSync } from 'node:fs'
import { hasErrno } from '../../base/errno.ts'

/**
 * Sends SIGINT to all processes of this process id namespace that belong to another session than this process, as a
 * terminal does to its foreground. Runtimes give a container a session of its own, which Ctrl-C does not reach. A
 * shell that waits for input ignores the signal. To be called only in a process id namespace of our own.
 */
export function interruptProcesses(): void {
  const own = sessionOf('self')
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const session = sessionOf(pid)
    if (session === undefined || session === own) continue
    try {
      process.kill(Number(pid), 'SIGINT')
    } catch (error) {
      // The process has ended meanwhile.
      if (!hasErrno(error, 'ESRCH')) throw error
    }
  }
}

/**
 * The session field of proc_pid_stat(5), which follows a name of arbitrary characters; undefined for a process that
 * has ended.
 */
function sessionOf(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
  } catch {
    return undefined
  }
}
