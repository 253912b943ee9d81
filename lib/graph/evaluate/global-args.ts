import { formatPlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'
import type { Arg, Dockerfile } from '../../parser/types.ts'
import type { EvaluationOptions } from '../graph-options.ts'
import type { Expander } from './expand.ts'

export type BuildArgs = Readonly<Record<string, string>>

/** The build arg of a name. Only own properties count: `ARG constructor` has no value by itself. */
export function givenArg(buildArgs: BuildArgs, name: string): string | undefined {
  return Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined
}

/** The build args that every Dockerfile can declare without being given them. `--build-arg` replaces their values. */
export function defaultArgs(
  { stages }: Dockerfile,
  { platform, buildPlatform, buildArgs = {}, target }: EvaluationOptions,
): ReadonlyMap<string, string> {
  const args = new Map([
    ...platformArgs('BUILD', buildPlatform),
    ...platformArgs('TARGET', platform ?? buildPlatform),
    ['TARGETSTAGE', target || stages.at(-1)?.name || 'default'] as const,
  ])
  for (const name of args.keys()) {
    const given = givenArg(buildArgs, name)
    if (given !== undefined) args.set(name, given)
  }
  return args
}

function platformArgs(prefix: string, platform: Platform): readonly (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ]
}

/**
 * The scope of FROM: the default args and the ARG instructions before the first FROM, with `--build-arg` over
 * their defaults.
 */
export function globalArgs(
  defaults: ReadonlyMap<string, string>,
  instructions: readonly Arg[],
  buildArgs: BuildArgs,
  expander: Expander,
): ReadonlyMap<string, string> {
  const scope = new Map(defaults)
  for (const instruction of instructions) {
    for (const { name, defaultValue } of instruction.args) {
      const given = givenArg(buildArgs, name.value)
      if (given !== undefined) scope.set(name.value, given)
      else if (defaultValue) scope.set(name.value, expander.word(defaultValue, scope).value)
    }
  }
  return scope
}
