// Finds and kills the processes of a command that has no process id namespace to end with.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'

/**
 * A mark that processes inherit: a resource limit that limits nothing, of some decades of CPU time for real-time
 * processes, in microseconds. Everybody can read the limits of every process, but not its environment or root; and
 * the command's environment stays as it is.
 */
export type ProcessMark = number

const FIRST_MARK = 2 ** 50

/** A mark that no other command on this machine has. */
export function newMark(): ProcessMark {
  return FIRST_MARK + randomBytes(6).readUIntBE(0, 6)
}

/** More rounds than any tree of processes needs, unless it fights back. */
const ROUNDS = 200

/**
 * Kills all processes with the mark; settles when there are none. Rejects with SANDBOX_FAILED if some are left after
 * several seconds of killing.
 */
export async function killMarked(mark: ProcessMark): Promise<void> {
  // Processes may start others while they are killed, so this repeats until none is found.
  for (let round = 0; round < ROUNDS; round++) {
    const left = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && hasMark(name, mark) && !isZombie(name))
    if (left.length === 0) return
    for (const pid of left) kill(Number(pid))
    await setTimeout(round < 20 ? 2 : 20)
  }
  throw new TsbuildError('SANDBOX_FAILED', 'processes of a command are still there after they were killed')
}

function hasMark(pid: string, mark: ProcessMark): boolean {
  const limits = read(`/proc/${pid}/limits`)
  return limits !== undefined && new RegExp(`^Max realtime timeout +\\S+ +${mark} `, 'm').test(limits)
}

function isZombie(pid: string): boolean {
  const stat = read(`/proc/${pid}/stat`)
  return stat === undefined || /^\d+ \(.*\) [ZX]/s.test(stat)
}

/** Undefined for a process that has just ended. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // The process has just ended by itself; one that may not be killed is found again.
    if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error
  }
}
