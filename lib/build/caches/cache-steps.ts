// The caches of a build as steps of its progress.
import type { CacheSource, CacheTarget, InlineCacheTarget } from './cache-options.ts'

export type ExportedTarget = Exclude<CacheTarget, InlineCacheTarget>

/** The name of a cache, for messages. */
export function cacheName(cache: CacheSource | ExportedTarget): string {
  if (cache.type === 'backend') return cache.backend.name
  if (cache.type === 'registry') return cache.ref
  return 'src' in cache ? cache.src : cache.dest
}

/** The caches that a build writes itself: an inline one is part of the image. */
export function exportedTargets(targets: readonly CacheTarget[] = []): readonly ExportedTarget[] {
  return targets.filter((target) => target.type !== 'inline')
}

/** The id of the step that exports to a cache. */
export const cacheStep = (at: number): string => `cache:${at}`

/** The id of the step that imports a cache. */
export const importStep = (at: number): string => `import:${at}`
