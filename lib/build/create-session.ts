import type { TsbuildError } from '../base/errors.ts'
import { type Clock, SYSTEM_CLOCK } from '../executor/clock.ts'
import type { BuildEvent } from '../executor/events.ts'
import { neededBases } from '../executor/needed-bases.ts'
import { checkRuns } from '../executor/run/check-runs.ts'
import type { BuildWarning, Session } from '../executor/session.ts'
import { withImported } from '../external-cache/import-caches.ts'
import { stagesNamed } from '../graph/find-target.ts'
import { lazyStore } from '../images/lazy-store.ts'
import { accessOf } from './access-of.ts'
import type { BuildOptions } from './build-options.ts'
import type { BuildResources } from './build-resources.ts'
import type { BuildCaches } from './caches/external-caches.ts'
import { neededOfResults } from './outputs/deliver-outputs.ts'
import { resultCompression } from './outputs/output-compression.ts'
import type { PreparedBuild } from './prepare-build.ts'

type SessionResources = Pick<BuildResources, 'store' | 'worker'> &
  Pick<Session, 'caughtUp'> & { readonly caches: BuildCaches }

/**
 * The session in which the steps of a prepared build run. Refuses RUN steps that can't run: errors as {@link
 * checkRuns} does.
 */
export function createSession(options: BuildOptions, prepared: PreparedBuild, resources: SessionResources): Session {
  const { joined, dockerfile, contexts, images, epoch } = prepared
  const { imported } = resources.caches
  const remoteBlobs = new Map([...imported.origins, ...prepared.remoteBlobs])
  const { noCache = false, run = {}, clock = SYSTEM_CLOCK, onEvent: emit = () => {} } = options
  const store = withImported(lazyStore(resources.store, remoteBlobs), imported)
  const location: Session['location'] = (span) => ({ file: dockerfile.file, span })
  const warn: Session['warn'] = (warning) => emit(warningEvent(warning, clock))
  const warnOf = ({ code, message, hint }: TsbuildError): void => warn({ code, message, hint, step: undefined })
  return {
    store,
    contexts,
    images,
    remoteBlobs,
    baseNeeds: neededBases(joined, neededOfResults(options)),
    indexes: new Map(),
    plainLayers: new Set(),
    producing: new Map(),
    warned: new Set(),
    views: new Map(),
    inflated: new Map(),
    downloads: new Map(),
    emit,
    caughtUp: resources.caughtUp,
    signal: options.signal ?? new AbortController().signal,
    clock,
    now: Math.floor(clock.now() / 1000),
    epoch,
    noCache: noCache === true,
    // As in docker, the name of a stage that is not there does no harm: CI templates are shared by many Dockerfiles.
    noCacheStages: typeof noCache === 'object' ? stagesNamed(dockerfile.stages, noCache, warnOf) : new Set(),
    compression: resultCompression(options),
    caches: resources.caches.session,
    location,
    run,
    access: accessOf(options),
    neededEmulators: checkRuns(joined.vertices, run, { store, location }),
    worker: resources.worker.worker,
    warn,
  }
}

/** A warning as an event. */
export function warningEvent({ code, message, hint }: BuildWarning, clock: Clock): BuildEvent {
  const text = `warning: ${message} [${code}]${hint === undefined ? '' : `\nhint: ${hint}`}`
  return { type: 'warning', time: clock.now(), code, message, text }
}
