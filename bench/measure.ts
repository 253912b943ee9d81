// Runs a command and measures its cost, including its child processes.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export interface Measurement {
  readonly wallSeconds: number
  /** User and system time of the command and all its descendants. */
  readonly cpuSeconds: number
  /** The peak of the resident memory of all its processes together, sampled. */
  readonly peakBytes: number
}

const SAMPLE_MS = 50
const PAGE = 4096

/** Runs a command line in bash. If it fails, the error contains its output. */
export async function measure(script: string, env: Readonly<Record<string, string>> = {}): Promise<Measurement> {
  // bash's `times` is the getrusage() of every process that it has waited for.
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

/** `times` prints user and system time of the shell, and then of its children: `0m1.234s`. */
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
      // The fields after the name, which may hold any character: state, ppid, pgrp, session; rss is the 22nd.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(fields[3]) === session) total += Number(fields[21]) * PAGE
    } catch {
      // The process has ended meanwhile.
    }
  }
  return total
}
