// Turns the flags for RUN steps into options of the library.
import {
  parseAddHost,
  parseBytes,
  parseEntitlement,
  parseSecret,
  parseSsh,
  parseUlimit,
} from '../../build/parse-run-flags.ts'
import type { ControlLimits, Isolation, LogLimit, RunOptions } from '../../index.ts'
import type { Args } from '../command-spec.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { asUsageError } from './as-usage-error.ts'
import { UsageError } from './usage-error.ts'

/** Reads the flags for RUN steps. Throws a {@link UsageError} for invalid values. */
export function readRunOptions(args: Args, terminal: Pick<Terminal, 'env'>): RunOptions {
  try {
    return readFlags(args, terminal.env)
  } catch (error) {
    throw asUsageError(error)
  }
}

function readFlags(args: Args, env: Terminal['env']): RunOptions {
  const secrets = args.list('secret').map((text) => parseSecret(text, env))
  const agents = args.list('ssh').map((text) => parseSsh(text, env))
  const shmSize = args.value('shm-size')
  return {
    isolation: readIsolation(args),
    secrets: Object.fromEntries(secrets.map(({ id, source }) => [id, source])),
    ssh: Object.fromEntries(agents.map(({ id, socket }) => [id, socket])),
    network: choice(args, 'network', ['default', 'none', 'host']) ?? 'default',
    extraHosts: args.list('add-host').map(parseAddHost),
    resourceLimits: args.list('ulimit').map(parseUlimit),
    controlLimits: readControlLimits(args),
    allow: args.list('allow').map(parseEntitlement),
    keepFailed: args.on('keep-failed'),
    strictOwnership: args.on('strict-ownership'),
    logLimit: readLogLimit(args, env),
    ...(shmSize !== undefined && { shmSize: parseBytes('shm-size', shmSize) }),
  }
}

/** BuildKit reads the variables in its daemon. There a value that is not a number has no effect. */
function readLogLimit(args: Args, env: Terminal['env']): LogLimit {
  if (args.on('full-log')) return { bytes: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY }
  const bytes = readBytes('BUILDKIT_STEP_LOG_MAX_SIZE', env)
  const bytesPerSecond = readBytes('BUILDKIT_STEP_LOG_MAX_SPEED', env)
  return { ...(bytes !== undefined && { bytes }), ...(bytesPerSecond !== undefined && { bytesPerSecond }) }
}

function readBytes(name: string, env: Terminal['env']): number | undefined {
  const text = env[name]
  if (!text) return undefined
  if (text === '-1') return Number.POSITIVE_INFINITY
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new UsageError('OPTION_INVALID', `${name} must be a number of bytes, not ${JSON.stringify(text)}`, {
    hint: '-1 stands for no limit',
  })
}

export function readIsolation(args: Args): Isolation | 'auto' {
  const isolation = choice(args, 'isolation', ['auto', 'oci', 'bwrap', 'userns', 'chroot', 'virtual', 'proot'])
  // Docker's word `default` is none of these.
  return isolation ?? 'auto'
}

function readControlLimits(args: Args): ControlLimits {
  const bytes = (flag: string): number | undefined => {
    const text = args.value(flag)
    return text === undefined || text === '-1' ? (text && -1) || undefined : parseBytes(flag, text)
  }
  return {
    memory: bytes('memory'),
    memorySwap: bytes('memory-swap'),
    cpuShares: whole(args, 'cpu-shares'),
    cpuPeriod: whole(args, 'cpu-period'),
    cpuQuota: whole(args, 'cpu-quota'),
    cpusetCpus: args.value('cpuset-cpus'),
    cpusetMems: args.value('cpuset-mems'),
  }
}

function whole(args: Args, flag: string): number | undefined {
  const text = args.value(flag)
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError('OPTION_INVALID', `--${flag} must be a whole number, not ${JSON.stringify(text)}`)
}

function choice<Choice extends string>(args: Args, flag: string, choices: readonly Choice[]): Choice | undefined {
  const text = args.value(flag)
  // The flag's spec has checked that the value is one of the choices.
  return choices.find((candidate) => candidate === text)
}
