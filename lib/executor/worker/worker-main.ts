// The process that carries out RUN steps: started by the builder inside of the namespaces that they need, told what to do over the
// channel that Node.js opens between parent and child, ended by closing it.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toErrorRecord } from '../../base/error-record.ts'
import { openStore } from '../../cache/store.ts'
import { chooseBackends } from '../../sandbox/backends/choose-backend.ts'
import { closeInheritedFiles } from '../../sandbox/launch/close-inherited-files.ts'
import { createPipes } from '../../sandbox/launch/output-pipes.ts'
import { hideCgroupV2 } from '../../sandbox/mount/hide-cgroup-v2.ts'
import { openMounter } from '../../sandbox/mount/open-mounter.ts'
import { probeOverlay } from '../../sandbox/mount/probe-overlay.ts'
import { viewOf } from '../filesystem.ts'
import { createCleanups } from './cleanups.ts'
import { findMeans } from './file-owners.ts'
import { interruptProcesses } from './interrupt-processes.ts'
import { readKept } from './kept-failed-steps.ts'
import { carryOut } from './produce-run-layer.ts'
import type { FromWorker, RunRequest, ShellRequest, ToWorker, WorkerStart } from './protocol.ts'
import { createStacks, type Stacks } from './root/layer-stacks.ts'
import { openRoot } from './root/open-root.ts'
import { createWorkspaces } from './root/overlay-directories.ts'
import { removeTree } from './root/remove-tree.ts'
import { createIdleRoots } from './root/reusable-roots.ts'
import { keptDirectory, temporaryDirectory } from './root/sandbox-directories.ts'
import { OverlayImpossible } from './root/unpacked-layers.ts'
import { runInRoot } from './run-in-root.ts'
import { openScratch } from './step-directories.ts'
import type { WorkerContext } from './worker-context.ts'

closeInheritedFiles()

// A terminal sends it to all of its processes. For a build the builder says what to do; in a shell it is for what runs there.
process.on('SIGINT', () => {
  if (inShell && context?.namespaces.processes) interruptProcesses()
})

const send = (message: FromWorker): void => {
  if (process.connected) process.send?.(message)
}

let context: WorkerContext | undefined
let stacks: Stacks = createStacks()
/** Undoes all that the worker made. */
const cleanups = createCleanups()
let inShell = false
const running = new Map<string, AbortController>()
const pending = new Set<Promise<void>>()

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      track(start(message).catch((error: unknown) => send(failure(error, undefined))))
      break
    case 'run':
      track(runStep(message).catch((error: unknown) => send(failure(error, message.step))))
      break
    case 'shell':
      track(openShell(message).catch((error: unknown) => send(failure(error, message.step))))
      break
    case 'stop':
      running.get(message.step)?.abort()
      break
  }
})

// The builder has no more to do, or is dead: either way nothing of it may stay.
process.on('disconnect', () => {
  for (const controller of running.values()) controller.abort()
  void Promise.allSettled(pending)
    .then(() => cleanups.run())
    .then(() => process.exit(0))
})

function track(work: Promise<void>): void {
  pending.add(work)
  void work.finally(() => pending.delete(work))
}

async function start({
  store: directory,
  home: base,
  isolation,
  namespaces,
  prefix,
  stale,
}: WorkerStart): Promise<void> {
  const store = openStore(directory)
  cleanups.add(store.close)
  const temporary = temporaryDirectory(base)
  for (const path of [temporary, join(base, 'layers'), join(base, 'caches')]) {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  }
  for (const name of stale) removeTree(join(temporary, name))
  // Sockets have short names: see unix(7).
  process.chdir(base)
  process.umask(0o022)

  const mounter = namespaces.mounts ? await openMounter() : undefined
  cleanups.add(() => mounter?.close())
  const overlay = mounter && (await probeOverlay(base, namespaces.mapping !== 'root', mounter))
  if (mounter) await hideCgroupV2(mounter)
  const { backends, probes } = await chooseBackends(base, namespaces, isolation)
  const [backend] = backends
  const all = [...probes, ...(overlay ? [overlay] : [])]
  if (!backend) {
    send({ kind: 'unavailable', probes: all })
    return
  }
  let made = 0
  const makeTemporary = (): string => {
    const path = join(temporary, `${prefix}-${made++}`)
    mkdirSync(path, { mode: 0o711 })
    cleanups.add(() => removeTree(path))
    return path
  }
  // Where mounts are copies, what they hide waits in scratch: best on the disk of the root.
  const scratch = await openScratch(makeTemporary(), backend.features.mounts ? mounter : undefined)
  cleanups.add(scratch.close)
  context = {
    store,
    namespaces,
    backend,
    layers: join(base, 'layers'),
    caches: 'caches',
    kept: keptDirectory(base),
    temporary: makeTemporary,
    openPipe: createPipes(makeTemporary()),
    workspaces: createWorkspaces(makeTemporary),
    idleRoots: createIdleRoots(),
    scratch,
    means: await findMeans(namespaces, backend, makeTemporary()),
    told: new Set(),
    owners: namespaces.mapping === 'root' || namespaces.mapping === 'multiple',
    overlay: overlay?.ok ? mounter : undefined,
    indexes: new Map(),
    plainLayers: { has: () => true },
    views: new Map(),
    signal: new AbortController().signal,
    unpacking: new Map(),
  }
  const { isolation: chosen, program } = backend
  send({ kind: 'ready', isolation: chosen, program, overlay: context.overlay !== undefined, probes: all })
}

async function runStep(request: RunRequest): Promise<void> {
  if (!context) throw new Error('bug: a step before the start')
  const controller = new AbortController()
  running.set(request.step, controller)
  try {
    send(await attempt(request, { ...context, signal: controller.signal }))
  } finally {
    running.delete(request.step)
  }
}

async function openShell(message: ShellRequest): Promise<void> {
  if (!context) throw new Error('bug: a shell before the start')
  const { request, directory } = readKept(message, context)
  const filesystem = stacks(request.layers)
  const root = await openRoot(filesystem, context, directory)
  inShell = true
  try {
    const view = await viewOf(filesystem, context)
    const { exit } = await runInRoot(request, root, view, stacks, context, send, true)
    send({ kind: 'failed', step: message.step, exit, kept: message.kept, refused: false })
  } finally {
    await root.discard()
  }
}

async function attempt(request: RunRequest, stepContext: WorkerContext): Promise<FromWorker> {
  try {
    return await carryOut(request, stacks, stepContext, send)
  } catch (error) {
    if (!(error instanceof OverlayImpossible) || !context) throw error
    context = { ...context, overlay: undefined }
    stacks = createStacks()
    return await carryOut(request, stacks, { ...stepContext, overlay: undefined }, send)
  }
}

function failure(error: unknown, step: string | undefined): FromWorker {
  return { kind: 'error', step, error: toErrorRecord(error) }
}
