// Runs a command with an OCI runtime: crun or runc.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, probeEnvironment } from '../attempt.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import { commandFilter } from '../seccomp/command-filter.ts'
import type { Backend, PreparedCommand, SandboxCommand, WorkerNamespaces } from '../types.ts'
import { ociConfig } from './oci-config.ts'

export type OciProgram = 'crun' | 'runc'

export interface OciOptions {
  /** The program's path; default: its name, to be found in PATH. */
  readonly path?: string
  /** The version that `--version` prints, for people. */
  readonly version: string
  /** Whether the builder may make control groups, which limits need. */
  readonly cgroups: boolean
}

/**
 * The back-end of a runtime. Create it in the worker, in the worker's namespaces. The bundle and the runtime's own
 * state are in the command's scratch directory, so that nothing of it outlives the command.
 */
export function createOciBackend(namespaces: WorkerNamespaces, program: OciProgram, options: OciOptions): Backend {
  const { path = program, version, cgroups } = options
  const capabilities = readHostFacts().capabilities
  const filter = program === 'crun' ? commandFilter(capabilities) : undefined
  const compiledFilter = filter && Buffer.from(filter).toString('base64')
  const settings = { namespaces, capabilities, cgroups, arch: process.arch, compiledFilter }
  return {
    isolation: 'oci',
    program: `${program} ${version}`,
    features: {
      networkNone: true,
      controlLimits: cgroups,
      insecure: true,
      processes: namespaces.processes,
      mounts: true,
    },
    async prepare(command) {
      const config = ociConfig(command, settings)
      // The environment may contain secrets.
      await writeFile(join(command.scratch, 'config.json'), JSON.stringify(config), { mode: 0o600 })
      await mkdir(join(command.scratch, 'state'), { mode: 0o700 })
      return prepared(path, globalOptions({ program, cgroups, scratch: command.scratch }), command)
    },
  }
}

interface Runtime {
  readonly program: OciProgram
  readonly cgroups: boolean
  readonly scratch: string
}

function globalOptions({ program, cgroups, scratch }: Runtime): readonly string[] {
  const state = ['--root', join(scratch, 'state')]
  if (program === 'crun') return cgroups ? state : [...state, '--cgroup-manager=disabled']
  // A rootless runc goes on if it can't make control groups.
  return cgroups ? state : [...state, '--rootless=true']
}

function prepared(file: string, options: readonly string[], { id, scratch }: SandboxCommand): PreparedCommand {
  return {
    file,
    args: [...options, 'run', '--no-new-keyring', '-b', scratch, id],
    env: probeEnvironment(),
    async kill() {
      // A runtime that saw its container end has removed it.
      if (!existsSync(join(scratch, 'state', id))) return
      // A missing container is fine: the goal is that it does not exist.
      await attempt([file, ...options, 'delete', '-f', id], { timeout: 20_000 })
    },
    async finish() {},
  }
}
