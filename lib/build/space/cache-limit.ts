// The limit of the cache that holds by itself.
import { TsbuildError } from '../../base/errors.ts'
import type { SpaceTargets } from '../../cache/space/choose-parts.ts'
import { parseSize } from '../../parser/instructions/parse-size.ts'

/** The size of a disk, in bytes. */
export interface DiskSize {
  readonly total: number
}

const GB = 1e9
const NAMES = ['max-used-space', 'min-free-space', 'reserved-space'] as const

/** BuildKit's defaults: 80% of the disk, at most 100 GB; 20% of it free; 10% of it, at most 10 GB, in any case. */
function defaultTargets({ total }: DiskSize): Required<SpaceTargets> {
  return {
    maxUsedSpace: Math.min(total * 0.8, 100 * GB),
    minFreeSpace: total * 0.2,
    reservedSpace: Math.min(total * 0.1, 10 * GB),
  }
}

/**
 * The targets that a build brings the cache to: those of the caller, else those of `TSBUILD_CACHE_LIMIT`, else
 * BuildKit's defaults; undefined for none. Errors with `OPTION_INVALID` for a variable that is no limit.
 */
export function cacheTargets(
  given: SpaceTargets | false | undefined,
  env: Readonly<Record<string, string | undefined>>,
  disk: DiskSize,
): SpaceTargets | undefined {
  if (given === false) return undefined
  if (given !== undefined) return given
  const text = env['TSBUILD_CACHE_LIMIT'] ?? ''
  if (text === '') return defaultTargets(disk)
  if (text === 'none') return undefined
  const values = new Map<string, number>()
  for (const field of text.split(',')) {
    const at = field.indexOf('=')
    // A size alone is the limit of the cache.
    const [name, value] = at === -1 ? ['max-used-space', field] : [field.slice(0, at), field.slice(at + 1)]
    const bytes = parseShare(value, disk)
    if (bytes === undefined || !(NAMES as readonly string[]).includes(name)) throw invalid(text)
    values.set(name, bytes)
  }
  return {
    maxUsedSpace: values.get('max-used-space'),
    minFreeSpace: values.get('min-free-space'),
    reservedSpace: values.get('reserved-space'),
  }
}

/** A size such as `10GB`, or a percentage of the disk such as `20%`. */
function parseShare(text: string, { total }: DiskSize): number | undefined {
  const percentage = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1]
  return percentage === undefined ? parseSize(text) : (total * Number(percentage)) / 100
}

function invalid(text: string): TsbuildError {
  return new TsbuildError('OPTION_INVALID', `TSBUILD_CACHE_LIMIT can't be ${JSON.stringify(text)}`, {
    hint: `e.g. "10GB", "${NAMES[0]}=50GB,${NAMES[1]}=10%,${NAMES[2]}=5GB", or "none"`,
  })
}
