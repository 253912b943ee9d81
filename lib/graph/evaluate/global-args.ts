import { formatPlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'
import type { Arg } from '../../parser/types.ts'
import type { Expander } from './expand.ts'

/** The build args that every Dockerfile can take without being given them. */
export function platformArgs(
  platform: Platform,
  buildPlatform: Platform,
  buildArgs: Readonly<Record<string, string>>,
  targetStage: string,
): Map<string, string> {
  const args = new Map([
    ['BUILDPLATFORM', formatPlatform(buildPlatform)],
    ['BUILDOS', buildPlatform.os],
    ['BUILDOSVERSION', buildPlatform['os.version'] ?? ''],
    ['BUILDARCH', buildPlatform.architecture],
    ['BUILDVARIANT', buildPlatform.variant ?? ''],
    ['TARGETPLATFORM', formatPlatform(platform)],
    ['TARGETOS', platform.os],
    ['TARGETOSVERSION', platform['os.version'] ?? ''],
    ['TARGETARCH', platform.architecture],
    ['TARGETVARIANT', platform.variant ?? ''],
    ['TARGETSTAGE', targetStage || 'default'],
  ])
  for (const name of args.keys()) {
    const given = buildArgs[name]
    if (given !== undefined) args.set(name, given)
  }
  return args
}

/** The scope of FROM: the platform args and the ARG instructions before the first FROM, with `--build-arg` over their defaults. */
export function globalArgs(
  defaults: ReadonlyMap<string, string>,
  instructions: readonly Arg[],
  buildArgs: Readonly<Record<string, string>>,
  expander: Expander,
): Map<string, string> {
  const scope = new Map(defaults)
  for (const instruction of instructions) {
    for (const { name, defaultValue } of instruction.args) {
      const given = buildArgs[name.value]
      if (given !== undefined) scope.set(name.value, given)
      else if (defaultValue) scope.set(name.value, expander.word(defaultValue, scope))
    }
  }
  return scope
}
