// Runs a command with the native helper: the same namespaces and mounts as an OCI runtime, in a few milliseconds.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { readHostFacts } from '../namespaces/host-facts.ts'
import type { OwnedCommand } from '../ownership/ownership-method.ts'
import { commandFilter, NO_FILTER_HERE } from '../seccomp/command-filter.ts'
import type { Backend, WorkerNamespaces } from '../types.ts'
import { nativeSpec } from './native-spec.ts'

/**
 * The back-end of the helper at `path`. Create it in the worker, in namespaces with mounts of their own (else it
 * throws SANDBOX_LACKS). A command with `owners` gets virtual ownership. Killing the process that it starts kills the
 * command.
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
    withoutFilter: () => (settings.filter ? undefined : NO_FILTER_HERE),
    async prepare(command: OwnedCommand) {
      const file = join(command.scratch, 'spec')
      // The environment may contain secrets.
      await writeFile(file, nativeSpec(command, command.owners, settings), { mode: 0o600 })
      return {
        file: path,
        args: ['run'],
        env: {},
        files: [file],
        // The helper's process group has been killed: its guard dies with it, and the command's namespace with the
        // guard.
        async kill() {},
        async finish() {},
      }
    },
  }
}
