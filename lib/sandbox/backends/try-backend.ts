// Whether a back-end really runs a command here.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Attempt, attempt, failedAttempt } from '../attempt.ts'
import type { Backend, ControlLimits, PreparedCommand, SandboxCommand, WorkerNamespaces } from '../types.ts'
import { TRIAL_OUTPUT, TRIAL_PATH, trialProgram } from './trial-program.ts'

/**
 * Runs a tiny program through a back-end, in a root made for it in `directory` (which exists) and removed again: with a file bound into it,
 * as every step has. Never rejects; takes at most five seconds and the time of a kill.
 */
export async function tryBackend(
  backend: Backend,
  directory: string,
  namespaces: WorkerNamespaces,
  controlLimits: ControlLimits = {},
): Promise<Attempt> {
  let home: string | undefined
  try {
    home = mkdtempSync(join(directory, 'probe-'))
    return await runIn(home, backend, namespaces, controlLimits)
  } catch (error) {
    return failedAttempt(error)
  } finally {
    if (home !== undefined) removeTree(home)
  }
}

const PROGRAM = '/program'

async function runIn(
  home: string,
  backend: Backend,
  namespaces: WorkerNamespaces,
  controlLimits: ControlLimits,
): Promise<Attempt> {
  const program = trialProgram(process.arch)
  if (!program) return failedAttempt(new Error(`there is no program to try it with on ${process.arch}`))
  const file = join(home, 'bound')
  const root = join(home, 'root')
  const scratch = join(home, 'scratch')
  for (const path of [root, scratch, ...['proc', 'dev', 'sys'].map((name) => join(root, name))]) mkdirSync(path)
  writeFileSync(file, '')
  writeFileSync(join(root, PROGRAM), program)
  writeFileSync(join(root, TRIAL_PATH), '')
  for (const path of [home, root, file, join(root, PROGRAM), join(root, TRIAL_PATH)]) chmodSync(path, 0o755)
  // Where there is one id only, being someone else than root is what may not work.
  const id = namespaces.mapping === 'single' ? 1 : 0
  const command: SandboxCommand = {
    id: `tsbuild-probe-${randomBytes(6).toString('hex')}`,
    root,
    scratch,
    args: [PROGRAM],
    env: ['PATH=/usr/bin:/bin'],
    cwd: '/',
    user: { uid: id, gid: id, groups: [] },
    mounts: [{ kind: 'bind', source: file, target: TRIAL_PATH, readonly: true }],
    hostname: 'tsbuild',
    network: 'host',
    insecure: false,
    resourceLimits: [],
    controlLimits,
    shmSize: 1 << 20,
  }
  const prepared = await backend.prepare(command)
  try {
    const tried = await start(prepared)
    if (!tried.ok) await prepared.kill()
    return tried.ok && tried.output !== TRIAL_OUTPUT ? failedAttempt(new Error('the command did not run')) : tried
  } finally {
    await prepared.finish()
  }
}

async function start({ file, args, env, files = [] }: PreparedCommand): Promise<Attempt> {
  const descriptors = files.map((path) => openSync(path, 'r'))
  try {
    return await attempt([file, ...args], { env, descriptors })
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor)
  }
}

/** Removes a directory, but nothing of another file system: what a failed back-end may have left mounted in it isn't ours. */
function removeTree(directory: string): void {
  const { dev } = lstatSync(directory)
  const remove = (path: string): void => {
    const stats = lstatSync(path)
    if (stats.dev !== dev) return
    if (stats.isDirectory()) {
      for (const name of readdirSync(path)) remove(join(path, name))
      rmdirSync(path)
    } else {
      unlinkSync(path)
    }
  }
  try {
    remove(directory)
  } catch {
    // Something in it is busy: the next clean-up of the store's temporary files takes it.
  }
}
