// Writes image configs as BuildKit does: top-level keys sorted, the others in the order of Go's structs.
import { type JsonValue, jsonBytes, sortedMap } from './json.ts'
import type { ContainerConfig, Healthcheck, History, ImageConfig } from './types.ts'

/** The bytes of an image config. The same config gives the same bytes whatever the order of its keys in memory. */
export function configBytes(image: ImageConfig): Uint8Array {
  return jsonBytes({
    architecture: image.architecture,
    author: image.author || undefined,
    config: containerConfig(image.config ?? {}),
    created: image.created,
    history: image.history?.map(historyEntry),
    os: image.os,
    'os.features': filled(image['os.features']),
    'os.version': image['os.version'] || undefined,
    rootfs: { type: 'layers', diff_ids: image.rootfs.diff_ids },
    'tsbuild.cache.v1': image['tsbuild.cache.v1'],
    variant: image.variant || undefined,
  })
}

function containerConfig(config: ContainerConfig): JsonValue {
  return {
    User: config.User || undefined,
    ExposedPorts: sortedMap(config.ExposedPorts),
    Env: filled(config.Env),
    Entrypoint: filled(config.Entrypoint),
    Cmd: filled(config.Cmd),
    Volumes: sortedMap(config.Volumes),
    WorkingDir: config.WorkingDir || undefined,
    Labels: sortedMap(config.Labels),
    StopSignal: config.StopSignal || undefined,
    ArgsEscaped: config.ArgsEscaped || undefined,
    Healthcheck: config.Healthcheck && healthcheck(config.Healthcheck),
    OnBuild: filled(config.OnBuild),
    Shell: filled(config.Shell),
  }
}

function healthcheck(check: Healthcheck): JsonValue {
  return {
    Test: filled(check.Test),
    Interval: check.Interval || undefined,
    Timeout: check.Timeout || undefined,
    StartPeriod: check.StartPeriod || undefined,
    StartInterval: check.StartInterval || undefined,
    Retries: check.Retries || undefined,
  }
}

function historyEntry(entry: History): JsonValue {
  return {
    created: entry.created || undefined,
    created_by: entry.created_by || undefined,
    author: entry.author || undefined,
    comment: entry.comment || undefined,
    empty_layer: entry.empty_layer || undefined,
  }
}

function filled<T>(list: readonly T[] | null | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined
}
