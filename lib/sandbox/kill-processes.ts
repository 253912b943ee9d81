// Finds the processes of a command that has no process id namespace to end with.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { TsbuildError } from '../errors.ts'

/** Kills all processes whose mount namespace this is, as `/proc/PID/ns/mnt` names it; settles when there are none. */
export function killNamespace(mountNamespace: string): Promise<void> {
  return killWhere((pid) => link(pid, 'ns/mnt') === mountNamespace)
}

/**
 * Kills all processes whose root is a directory or below it, or whose environment has an entry (`NAME=value`): a process may leave its
 * root or change its environment, hardly both. Settles when there are none.
 */
export function killProcesses(root: string, mark: string): Promise<void> {
  return killWhere((pid) => {
    const own = link(pid, 'root')
    return own === root || own?.startsWith(`${root}/`) || environment(pid).includes(mark)
  })
}

/** More rounds than any tree of processes that doesn't fight back needs. */
const ROUNDS = 200

/** Processes start others while they are killed: so until a look finds none. */
async function killWhere(isMeant: (pid: string) => boolean | undefined): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const found = readdirSync('/proc').filter(
      (name) => /^\d+$/.test(name) && Number(name) !== process.pid && isMeant(name),
    )
    const left = found.filter((pid) => !isZombie(pid))
    if (left.length === 0) return
    for (const pid of left) kill(Number(pid))
    await setTimeout(round < 20 ? 2 : 20)
  }
  throw new TsbuildError('SANDBOX_FAILED', 'processes of a command are still there after they were killed')
}

/** A process of someone else, or that has just ended, has nothing to read. */
function link(pid: string, name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`)
  } catch {
    return undefined
  }
}

function environment(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  } catch {
    return []
  }
}

function isZombie(pid: string): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself just now, or is not ours to kill and so none of the command's.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error
  }
}
