// The config of a stage's image: the base image's, with the values that instructions set and added.

import { entriesOf, type SharedMap } from '../../base/shared-map.ts'
import type { ContainerConfig } from '../../oci/types.ts'
import type { PlannedHistory } from '../types.ts'
import { splitVariable } from './split-variable.ts'
import type { HistoryLink, StageState } from './stage-state.ts'

/** The config of the stage's image. */
export function stageConfig({ config, added, onBuild, baseImage }: StageState): ContainerConfig {
  const inherited = baseImage?.config.config ?? {}
  const Env = mergedEnv(inherited.Env, added.Env)
  const Labels = mergedRecord(inherited.Labels, added.Labels)
  const ExposedPorts = mergedRecord(inherited.ExposedPorts, added.ExposedPorts)
  const Volumes = mergedRecord(inherited.Volumes, added.Volumes)
  return {
    ...config,
    ...(Env && { Env }),
    ...(Labels && { Labels }),
    ...(ExposedPorts && { ExposedPorts }),
    ...(Volumes && { Volumes }),
    ...(onBuild.length > 0 && { OnBuild: onBuild }),
  }
}

/** The entries in their order. */
export function stageHistory({ history }: StageState): readonly PlannedHistory[] {
  const entries: PlannedHistory[] = []
  for (let link: HistoryLink | undefined = history; link; link = link.before) entries.push(link.entry)
  return entries.reverse()
}

function mergedEnv(inherited: readonly string[] | undefined, set: SharedMap<string>): readonly string[] | undefined {
  if (!set) return inherited
  const list = [...(inherited ?? [])]
  const positions = new Map<string, number>()
  for (const [at, entry] of list.entries()) {
    const [name] = splitVariable(entry)
    // If a base image has a name twice, the first is replaced.
    if (!positions.has(name)) positions.set(name, at)
  }
  for (const [name, value] of entriesOf(set)) list[positions.get(name) ?? list.length] = `${name}=${value}`
  return list
}

function mergedRecord<V>(
  inherited: Readonly<Record<string, V>> | undefined,
  added: SharedMap<V>,
): Readonly<Record<string, V>> | undefined {
  if (!added) return inherited
  const record: Record<string, V> = { ...inherited }
  // Defined, not assigned: `__proto__` is a key like any other.
  for (const [key, value] of entriesOf(added)) {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return record
}
