// Runs a command and says what it took, its children included.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export interface Measurement {
  readonly wallSeconds: number
  /** User and system time of the command and all of its descendants. */
  readonly cpuSeconds: number
  /** Peak of the sum of resident memory over all of its processes, sampled. */
  readonly peakBytes: number
}

const SAMPLE_MS = 50
const PAGE = 4096

/** Runs a command line in bash, with its standard output and error in our own error output if it fails. */
export async function measure(script: string, env: Readonly<Record<string, string>> = {}): Promise<Measurement> {
  // bash's own `times` is getrusage() of everything it has waited for.
  const wrapped = `set -o pipefail\n{ ${script}\n} 1>&2\nstatus=$?\nwait\ntimes\nexit $status`
  const started = performance.now()
  const child = spawn('bash', ['-c', wrapped], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own, by which its processes are found.
    detached: true,
  })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  let peak = 0
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentBytes(child.pid ?? -1))
  }, SAMPLE_MS)
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  const wallSeconds = (performance.now() - started) / 1000
  clearInterval(sampler)
  if (status !== 0) throw new Error(`the command failed with ${status}:\n${script}\n${errors.slice(-4000)}`)
  return { wallSeconds, cpuSeconds: cpuSeconds(output), peakBytes: peak }
}

/** `times` prints user and system time of the shell, and of its children: `0m1.234s`. */
function cpuSeconds(times: string): number {
  let total = 0
  for (const [, minutes, seconds] of times.matchAll(/(\d+)m([\d.,]+)s/g)) {
    total += Number(minutes) * 60 + Number(seconds?.replace(',', '.'))
  }
  return total
}

function residentBytes(session: number): number {
  let total = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // After the name, which may hold anything: state, ppid, pgrp, session; rss is the 22nd.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(fields[3]) === session) total += Number(fields[21]) * PAGE
    } catch {
      // It ended meanwhile.
    }
  }
  return total
}
