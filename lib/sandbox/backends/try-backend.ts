// Tries a back-end: does it really run a command here?
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
 * Runs a tiny program through a back-end, with a file bound into its root, as every step has. The root is made in
 * `directory`, which exists, and removed again. Never rejects; takes at most five seconds and the time of a kill.
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
  if (!program) return failedAttempt(new Error(`tsbuild has no trial program for ${process.arch}`))
  const file = join(home, 'bound')
  const root = join(home, 'root')
  const scratch = join(home, 'scratch')
  for (const path of [root, scratch, ...['proc', 'dev', 'sys'].map((name) => join(root, name))]) mkdirSync(path)
  writeFileSync(file, '')
  writeFileSync(join(root, PROGRAM), program)
  writeFileSync(join(root, TRIAL_PATH), '')
  for (const path of [home, root, file, join(root, PROGRAM), join(root, TRIAL_PATH)]) chmodSync(path, 0o755)
  // In a user namespace with one id, a user other than root is what may fail.
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

/** Removes a directory, but nothing on another file system: a failed back-end may have left something mounted in it. */
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
    // Something in the directory is busy. The next clean-up of the store's temporary files removes it.
  }
}
