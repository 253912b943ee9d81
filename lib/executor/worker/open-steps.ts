// From the builder's first message to a worker that can carry out steps.
import { viewOf } from '../filesystem.ts'
import type { Cleanups } from './cleanups.ts'
import { readKept } from './kept-failed-steps.ts'
import { createLayerStacks } from './layer-stacks.ts'
import { openWorkerContext } from './open-worker-context.ts'
import { produceRunLayer } from './produce-run-layer.ts'
import type { FromWorker, RunRequest, ShellRequest, WorkerStart } from './protocol.ts'
import { openRoot } from './root/open-root.ts'
import { OverlayImpossible } from './root/unpacked-layers.ts'
import { runInRoot } from './run-in-root.ts'
import type { OpenedSteps, Steps, ToBuilder } from './serve-builder.ts'
import type { WorkerContext, WorkerStep } from './worker-context.ts'

/** Opens the store and the sandbox, and answers whether steps can run. */
export async function openSteps(start: WorkerStart, cleanups: Cleanups, builder: ToBuilder): Promise<OpenedSteps> {
  const { context, probes } = await openWorkerContext(start, cleanups)
  if (!context) return { answer: { kind: 'unavailable', probes }, steps: undefined }
  const { isolation, program } = context.backend
  const overlay = context.overlay !== undefined
  const recordsOwners = context.ownership.kind !== 'assumed'
  const answer = { kind: 'ready', isolation, program, overlay, recordsOwners, probes } as const
  return { answer, steps: createSteps(context, builder) }
}

function createSteps(opened: WorkerContext, { emit, caughtUp }: ToBuilder): Steps {
  let context = opened
  let inShell = false
  const stepOf = (request: RunRequest, signal: AbortSignal): WorkerStep => ({
    request,
    context: { ...context, signal },
    emit,
    caughtUp: () => caughtUp(request.step),
  })
  const run = async (request: RunRequest, signal: AbortSignal): Promise<FromWorker> => {
    try {
      return await produceRunLayer(stepOf(request, signal))
    } catch (error) {
      if (!(error instanceof OverlayImpossible)) throw error
      // A layer turned out to have entries that overlayfs can't show: this step and all later ones get unpacked roots.
      context = { ...context, overlay: undefined, filesystemOf: createLayerStacks() }
      return await produceRunLayer(stepOf(request, signal))
    }
  }
  const shell = async (message: ShellRequest): Promise<FromWorker> => {
    const { request, directory } = readKept(message, context)
    const filesystem = context.filesystemOf(request.layers)
    const root = await openRoot(filesystem, context, directory)
    inShell = true
    try {
      const view = await viewOf(filesystem, context)
      const { exit, lastLines } = await runInRoot(stepOf(request, context.signal), { root, view, interactive: true })
      return { kind: 'failed', step: message.step, exit, lastLines, kept: message.kept, refused: false }
    } finally {
      await root.discard()
    }
  }
  return { run, shell, isInterruptible: () => inShell && context.namespaces.processes }
}
