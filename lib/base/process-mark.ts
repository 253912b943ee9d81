// Names of temporary files that tell which process makes them, so that later processes know the files of dead ones.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errnoOf, hasErrno } from './errno.ts'

/** A process, as its temporary files name it. */
export interface ProcessMark {
  readonly pid: number
  /** Identifies the machine or container: process ids mean something only within one. */
  readonly space: string
  /** The start of the process in clock ticks since the boot, in hex: process ids come back. Zero if unknown. */
  readonly start: string
}

const START = 10
const UNKNOWN_START = '0'.repeat(START)
const MARK = new RegExp(`^([1-9]\\d*)-([0-9a-f]{8})-(?:([0-9a-f]{${START}}))?[0-9a-f]{8}$`)

/** A name that no other process and no other call uses: `PID-SPACE-HEX`. */
export function processMark(): string {
  const random = randomBytes(4).toString('hex')
  return `${process.pid}-${ownSpace()}-${startOf(process.pid) ?? UNKNOWN_START}${random}`
}

/** A mark that no process has: what is named by it, any process may remove. */
export function markOfNobody(): string {
  return `${NO_PROCESS}-${ownSpace()}-${UNKNOWN_START}${randomBytes(4).toString('hex')}`
}

/** A number beyond all process ids, see pid_max of proc_sys_kernel(5). */
const NO_PROCESS = 2 ** 22 + 1

/** The process in a name of {@link processMark}; undefined for any other text. */
export function parseProcessMark(text: string): ProcessMark | undefined {
  const [, pid, space, start = UNKNOWN_START] = MARK.exec(text) ?? []
  if (pid === undefined || space === undefined) return undefined
  return { pid: Number(pid), space, start }
}

/** Whether a process still runs; `elsewhere` if it belongs to another machine or container. */
export function stateOfProcess({ pid, space, start }: ProcessMark): 'alive' | 'dead' | 'elsewhere' {
  if (space !== ownSpace()) return 'elsewhere'
  if (!isAlive(pid)) return 'dead'
  const now = startOf(pid)
  return now === undefined || now === start || start === UNKNOWN_START ? 'alive' : 'dead'
}

function ownSpace(): string {
  return createHash('sha256').update(`${hostname()} ${pidNamespace()}`).digest('hex').slice(0, 8)
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch (error) {
    // Without /proc, as on macOS, the host's name alone has to identify the machine.
    return errnoOf(error) ?? ''
  }
}

/** The field `starttime` of proc_pid_stat(5), which follows a name of arbitrary characters. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return ticks && BigInt(ticks).toString(16).padStart(START, '0').slice(-START)
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return hasErrno(error, 'EPERM')
  }
}
