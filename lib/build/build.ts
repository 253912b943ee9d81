import { type ErrorCode, TsbuildError } from '../base/errors.ts'
import { assembleImages } from '../executor/assemble/assemble-image.ts'
import { type Clock, SYSTEM_CLOCK } from '../executor/clock.ts'
import type { StepInfo } from '../executor/events.ts'
import { execute, shownSteps } from '../executor/execute.ts'
import { layersOf } from '../executor/filesystem.ts'
import type { Session } from '../executor/session.ts'
import { importCaches } from '../external-cache/import-caches.ts'
import type { JoinedGraphs } from '../graph/join-graphs.ts'
import { normaliseName, shortName } from '../oci/reference.ts'
import type { Build, BuildOptions, BuildResult } from './build-options.ts'
import { type BuildResources, openResources } from './build-resources.ts'
import { withBuildKitArgs } from './buildkit-args.ts'
import { cacheName, cacheStep, exportedTargets, importStep } from './caches/cache-steps.ts'
import {
  type BuildCaches,
  buildCaches,
  fetchResult,
  keepImported,
  openBuildCaches,
  reportImports,
} from './caches/external-caches.ts'
import { readOptions } from './contexts/read-options.ts'
import { createSession, warningEvent } from './create-session.ts'
import { describeResult, describeSteps } from './describe-result.ts'
import { emitWarnings } from './emit-warnings.ts'
import { checkOutputs, deliverOutputs, exportSteps, onlyPushed } from './outputs/deliver-outputs.ts'
import { keepInStore } from './outputs/keep-in-store.ts'
import { type PreparedBuild, prepareBuild } from './prepare-build.ts'
import { type Progress, startBuild } from './running-build.ts'
import { keepLimit } from './space/keep-limit.ts'
import { startWorkerEarly } from './start-worker-early.ts'

/**
 * Builds an image, or for several platforms an index of images. The returned build can be awaited for its result,
 * or iterated for its events.
 *
 * Rejects with a TsbuildError for anything that the user can fix, and with `options.signal`'s reason when aborted.
 * Nothing is left half-written: outputs appear whole or not at all, and the store keeps the steps that were
 * finished.
 *
 * @example
 * ```ts
 * import { build } from '@tsbuild/tsbuild'
 *
 * const running = build({
 *   context: new Map([
 *     ['Dockerfile', 'FROM scratch\nCOPY greeting /\n'],
 *     ['greeting', 'hello\n'],
 *   ]),
 *   tags: ['greeting:1'],
 * })
 * for await (const event of running) if (event.type === 'completed') console.log(event.step, event.cached)
 * const { image, names } = await running
 * console.log(names[0], image.layers.length) // docker.io/library/greeting:1 1
 * ```
 */
export function build(options: BuildOptions): Build {
  return startBuild(options, (progress) => runBuild(options, progress))
}

/**
 * The stations of a build, in their order. A mistake that can be found before the first step runs is reported
 * before it runs.
 */
async function runBuild(given: BuildOptions, progress: Progress): Promise<BuildResult> {
  const { emit, caughtUp, signal } = progress
  const { clock = SYSTEM_CLOCK } = given
  const started = clock.now()
  const options = { ...(await readOptions(withBuildKitArgs(given))), onEvent: emit, signal }
  const names = [...new Set((options.tags ?? []).map(normaliseName))]
  checkOutputs(options)
  await using resources = openResources(options)
  const { store, client } = resources
  // It goes before the resources, and after everything else.
  await using _limit = keepLimit(resources, { ...options, warn: (warning) => emit(warningEvent(warning, clock)) })
  const importing = openBuildCaches(options, { store, client, signal })
  const prepared = await settleFirst(prepareBuild(options, store, client), importing)
  const caches = await importing
  const run: BuildRun = { options, names, prepared, resources, progress: { emit, caughtUp }, clock, started }
  try {
    return await carryOut(run, caches)
  } catch (error) {
    if (!caches.session?.isImporting || !isCacheFault(error)) throw error
    const message = `${error.message}: the build starts again without imported caches`
    emit(warningEvent({ code: 'CACHE_FAILED', message, hint: undefined, step: undefined }, clock))
    return await carryOut(run, buildCaches(options, await importCaches([], signal)))
  }
}

interface BuildRun {
  readonly options: BuildOptions
  /** Full names. */
  readonly names: readonly string[]
  readonly prepared: PreparedBuild
  readonly resources: BuildResources
  readonly progress: Pick<Progress, 'emit' | 'caughtUp'>
  readonly clock: Clock
  /** The time of the call. */
  readonly started: number
}

/** Runs the steps of a prepared build, and delivers their result. */
async function carryOut(
  { options, names, prepared, resources, progress: { emit, caughtUp }, clock, started }: BuildRun,
  caches: BuildCaches,
): Promise<BuildResult> {
  const { store, client, worker } = resources
  const { joined } = prepared
  const warnings = emitWarnings(joined.graphs, emit, clock)
  const session = createSession(options, prepared, { ...resources, caughtUp, caches })
  warnOfContexts(session)
  await startWorkerEarly(joined, session)

  emit({ type: 'plan', time: clock.now(), steps: plannedSteps(options, joined, caches) })
  reportImports(caches, session)
  const execution = await execute(joined, session).finally(worker.close)
  const layers = [...execution.filesystems.values()].flatMap(layersOf).map(({ layer }) => layer)
  if (!onlyPushed(options)) await fetchResult(layers, caches, session)
  const result = assembleImages(joined, execution, session)
  const outputs = await deliverOutputs(options.outputs ?? [], { joined, execution, result, names }, session, client)
  const kept = await keepInStore(options, { result, names, outputs }, session.store)
  keepImported(caches, store)
  const resultLayers = new Set(layers.map(({ diffID }) => diffID))
  const targets = exportedTargets(options.cacheTo)
  if (targets.length > 0) {
    const { exportCaches } = await import('./caches/export-caches.ts')
    await exportCaches(targets, { caches, session, client, resultLayers })
  }
  return {
    ...describeResult(result),
    names: kept.names,
    shortNames: kept.names.map(shortName),
    ...describeSteps(execution.steps, joined.graphs),
    duration: clock.now() - started,
    outputs: [...outputs, ...kept.outputs],
    sandbox: worker.sandbox(),
    warnings,
  }
}

/** The steps that progress shows: those of the graph between the caches and outputs before and after them. */
function plannedSteps(options: BuildOptions, joined: JoinedGraphs, { imported }: BuildCaches): StepInfo[] {
  const inputs = [...new Set(joined.results)]
  return [
    ...imported.reports.map(({ name }, at) => ({
      id: importStep(at),
      name: `importing cache from ${name}`,
      inputs: [],
    })),
    ...shownSteps(joined),
    ...exportSteps(options, joined),
    ...exportedTargets(options.cacheTo).map((target, at) => ({
      id: cacheStep(at),
      name: `exporting cache to ${cacheName(target)}`,
      inputs,
    })),
  ]
}

/** Faults of what a cache holds. What this build makes itself has none of them. */
const CACHE_FAULTS: readonly ErrorCode[] = ['CACHE_FAILED', 'DIGEST_MISMATCH', 'LAYER_INVALID', 'ARCHIVE_INVALID']

const isCacheFault = (error: unknown): error is TsbuildError =>
  error instanceof TsbuildError && CACHE_FAULTS.includes(error.code)

/** The result of the first promise, when both have settled: nothing of a build outlives it. */
async function settleFirst<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  await Promise.allSettled([first, second])
  return first
}

function warnOfContexts({ contexts, warn }: Session): void {
  for (const { warning: message } of contexts.values()) {
    if (message === undefined) continue
    const hint = 'symlinks are followed inside the build context only, as in docker: copy the file into the context'
    warn({ code: 'CONTEXT_INVALID', message, hint, step: undefined })
  }
}
