// Runs a command with the native helper: the namespaces and mounts of an OCI runtime, in a few milliseconds.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import type { OwnedCommand } from '../ownership/ownership-method.ts'
import { commandFilter } from '../seccomp/command-filter.ts'
import type { Backend, WorkerNamespaces } from '../types.ts'
import { nativeSpec } from './native-spec.ts'

/**
 * The back-end of the helper at `path`, to be made in the process that runs commands, in the place, which must have mounts of its own
 * (SANDBOX_LACKS otherwise). A command with `owners` gets virtual ownership. Killing the process that it starts kills the command.
 */
export function createNativeBackend(namespaces: WorkerNamespaces, path: string): Backend {
  if (!namespaces.mounts) throw new TsbuildError('SANDBOX_LACKS', 'the native helper needs a mount namespace')
  const capabilities = readHostFacts().capabilities
  const settings = { namespaces, capabilities, arch: process.arch, filter: commandFilter(capabilities) }
  return {
    isolation: 'userns',
    program: 'tsbuild-sandbox 1',
    features: {
      networkNone: true,
      controlLimits: false,
      insecure: true,
      processes: namespaces.processes,
      mounts: true,
    },
    async prepare(command: OwnedCommand) {
      const file = join(command.scratch, 'spec')
      // The environment may have secrets in it.
      await writeFile(file, nativeSpec(command, command.owners, settings), { mode: 0o600 })
      return {
        file: path,
        args: ['run'],
        env: {},
        files: [file],
        // With the helper, whose process group was killed, its guard dies, and with that all of the command's namespace.
        async kill() {},
        async finish() {},
      }
    },
  }
}
