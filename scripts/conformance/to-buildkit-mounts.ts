import { TsbuildError } from '../../lib/base/errors.ts'
import { type Mount, type ResolvedMount, resolveMount } from '../../lib/parser/index.ts'
import type { Case } from './check.ts'

/** BuildKit's mounts with unexpanded values; if that fails, the mounts before it. */
export function toBuildKitMounts(mounts: readonly Mount[]): Case {
  try {
    return { mounts: mounts.map((mount) => toMount(resolveMount(mount, (value) => value))) }
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
    return { mounts: mounts.map(unresolved), expandError: error }
  }
}

function unresolved({ options, span }: Mount): Case {
  const from = options.filter(({ key, value }) => key === 'from' && value !== undefined)
  return toMount(resolveMount({ type: 'bind', options: from, span }, (value) => value))
}

function toMount({
  type,
  from,
  source,
  target,
  readonly,
  size,
  id,
  sharing,
  required,
  env,
  mode,
  uid,
  gid,
}: ResolvedMount): Case {
  return {
    Type: type,
    From: from,
    Source: source,
    Target: target,
    ReadOnly: readonly,
    SizeLimit: size,
    CacheID: id,
    CacheSharing: sharing ?? '',
    Required: required,
    Env: env ?? null,
    Mode: mode ?? null,
    UID: uid ?? null,
    GID: gid ?? null,
  }
}
