// A worker as the builder starts it: runs commands through a back-end and prints their results. Run by tsx.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { TsbuildError } from '../../lib/base/errors.ts'
import { createBwrapBackend } from '../../lib/sandbox/backends/bwrap.ts'
import { createChrootBackend } from '../../lib/sandbox/backends/chroot.ts'
import { closeInheritedFiles } from '../../lib/sandbox/launch/close-inherited-files.ts'
import { createPipes, type OpenPipe } from '../../lib/sandbox/launch/output-pipes.ts'
import { runCommand } from '../../lib/sandbox/launch/run-command.ts'
import { hideCgroupV2 } from '../../lib/sandbox/mount/hide-cgroup-v2.ts'
import { createSystemMounter } from '../../lib/sandbox/mount/system-mounter.ts'
import { createOciBackend, type OciProgram } from '../../lib/sandbox/oci/oci-backend.ts'
import type { Backend, Exit, SandboxCommand, WorkerNamespaces } from '../../lib/sandbox/types.ts'
import { createUsernsBackend } from '../../lib/sandbox/userns/userns-backend.ts'

export type Tested = OciProgram | 'userns' | 'bwrap' | 'chroot'

export interface Job {
  readonly backend: Tested
  readonly namespaces: WorkerNamespaces
  readonly commands: Readonly<Record<string, SandboxCommand>>
  /** Commands that are aborted as soon as they write something. */
  readonly aborted: readonly string[]
}

export type Result =
  | { readonly exit: Exit; readonly stdout: string; readonly stderr: string; readonly milliseconds: number }
  | { readonly error: string; readonly message: string }

const createOci = (program: OciProgram) => (namespaces: WorkerNamespaces) =>
  createOciBackend(namespaces, program, { version: '1', cgroups: namespaces.mapping === 'root' })

const CREATE: Readonly<Record<Tested, (namespaces: WorkerNamespaces) => Backend>> = {
  crun: createOci('crun'),
  runc: createOci('runc'),
  userns: createUsernsBackend,
  bwrap: createBwrapBackend,
  chroot: () => createChrootBackend(),
}

async function main(file: string): Promise<void> {
  closeInheritedFiles()
  process.umask(0o077)
  const job: Job = JSON.parse(readFileSync(file, 'utf8'))
  if (job.namespaces.mounts) await hideCgroupV2(createSystemMounter())
  const backend = CREATE[job.backend](job.namespaces)
  const results: Record<string, Result> = {}
  const openPipe = createPipes(dirname(file))
  for (const [name, command] of Object.entries(job.commands)) {
    mkdirSync(command.scratch)
    results[name] = await resultOf(backend, command, openPipe, job.aborted.includes(name))
    rmSync(command.scratch, { recursive: true })
  }
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  console.log(JSON.stringify({ results, features: backend.features, mounts }))
}

async function resultOf(
  backend: Backend,
  command: SandboxCommand,
  openPipe: OpenPipe,
  aborted: boolean,
): Promise<Result> {
  const output = { stdout: '', stderr: '' }
  const controller = new AbortController()
  const begun = performance.now()
  try {
    const exit = await runCommand(backend, command, {
      openPipe,
      onOutput(stream, chunk) {
        output[stream] += chunk
        if (aborted) controller.abort()
      },
      signal: controller.signal,
      grace: 200,
    })
    return { exit, ...output, milliseconds: performance.now() - begun }
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    return { error: error.code, message: error.message }
  }
}

await main(process.argv[2] ?? '')
