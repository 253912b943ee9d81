import { assembleImages } from '../executor/assemble/assemble-image.ts'
import { execute, shownSteps } from '../executor/execute.ts'
import type { Session } from '../executor/session.ts'
import { normaliseName } from '../oci/reference.ts'
import type { Build, BuildOptions, BuildResult } from './build-options.ts'
import { openResources } from './build-resources.ts'
import { withBuildKitArgs } from './buildkit-args.ts'
import { readOptions } from './contexts/read-options.ts'
import { createSession } from './create-session.ts'
import { describeResult } from './describe-result.ts'
import { emitWarnings } from './emit-warnings.ts'
import { checkOutputs, deliverOutputs, exportSteps } from './outputs/deliver-outputs.ts'
import { keepInStore } from './outputs/keep-in-store.ts'
import { prepareBuild } from './prepare-build.ts'
import { type Progress, startBuild } from './running-build.ts'
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
  const options = { ...(await readOptions(withBuildKitArgs(given))), onEvent: emit, signal }
  const names = [...new Set((options.tags ?? []).map(normaliseName))]
  checkOutputs(options)
  await using resources = openResources(options)
  const { store, client, worker } = resources

  const prepared = await prepareBuild(options, store, client)
  const { joined } = prepared
  const warnings = emitWarnings(joined.graphs, emit)
  const session = createSession(options, prepared, { ...resources, caughtUp })
  warnOfContexts(session)
  await startWorkerEarly(joined, session)

  emit({ type: 'plan', time: Date.now(), steps: [...shownSteps(joined), ...exportSteps(options, joined)] })
  const execution = await execute(joined, session).finally(worker.close)
  const result = assembleImages(joined, execution, session)
  const outputs = await deliverOutputs(options.outputs ?? [], { joined, execution, result, names }, session, client)
  const kept = await keepInStore(options, { result, names, outputs }, session.store)
  return {
    ...describeResult(result),
    names: kept.names,
    steps: execution.steps,
    outputs: [...outputs, ...kept.outputs],
    sandbox: worker.sandbox(),
    warnings,
  }
}

function warnOfContexts({ contexts, warn }: Session): void {
  for (const { warning: message } of contexts.values()) {
    if (message === undefined) continue
    const hint = 'symlinks are followed inside the build context only, as in docker: copy the file into the context'
    warn({ code: 'CONTEXT_INVALID', message, hint, step: undefined })
  }
}
