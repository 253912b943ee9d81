// Finds the processes of a command that has no process id namespace to end with.
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { hasErrno } from '../../base/errno.ts'
import { TsbuildError } from '../../base/errors.ts'

/**
 * A resource limit that processes inherit and that limits nothing: microseconds that a real-time process may run, some decades. Everybody
 * can read the limits of every process, which is not so for its environment or root; and a command's environment stays its own.
 */
export type ProcessMark = number

const FIRST_MARK = 2 ** 50

/** A mark that no other command on this machine has. */
export function newMark(): ProcessMark {
  return FIRST_MARK + randomBytes(6).readUIntBE(0, 6)
}

/** More rounds than any tree of processes that doesn't fight back needs. */
const ROUNDS = 200

/**
 * Kills all processes that have the mark; settles when there are none. Rejects with SANDBOX_FAILED if they are there still after some
 * seconds of killing.
 */
export async function killMarked(mark: ProcessMark): Promise<void> {
  // Processes start others while they are killed: so until a look finds none.
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

/** A process that has just ended has nothing to read. */
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
    // It ended by itself just now; one that may not be killed is found again.
    if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error
  }
}
