// The variables of FROM: the platform args, and the ARGs before the first FROM.

import type { LintPlatform } from '../lint-platform.ts'
import { platformText } from './platform-text.ts'
import { expand, type Variables, type Walk } from './walk.ts'

/** What every Dockerfile can take without being given it; build args go before. */
export function defaultArgs({ dockerfile, options, targetPlatform, buildPlatform }: Walk): Variables {
  const args = new Map([
    ...platformArgs('BUILD', buildPlatform),
    ...platformArgs('TARGET', targetPlatform),
    ['TARGETSTAGE', options.target || dockerfile.stages.at(-1)?.name || 'default'] as const,
  ])
  for (const name of args.keys()) {
    const given = options.buildArgs?.[name]
    if (given !== undefined) args.set(name, given)
  }
  return args
}

function platformArgs(prefix: string, platform: LintPlatform): readonly (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, platformText(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ]
}

/** Those and the global ARGs that have a value. Errors with `VARIABLE_SYNTAX` or `VARIABLE_REQUIRED`. */
export function globalScope(walk: Walk, defaults: Variables, buildArgs: Readonly<Record<string, string>>): Variables {
  const scope = new Map(defaults)
  for (const { args } of walk.dockerfile.globalArgs) {
    for (const { name, defaultValue } of args) {
      const given = Object.hasOwn(buildArgs, name.value) ? buildArgs[name.value] : undefined
      if (given !== undefined) scope.set(name.value, given)
      else if (defaultValue) scope.set(name.value, expand(walk, defaultValue, scope).value)
    }
  }
  return scope
}

/** The names that FROM may use: {@link globalScope}, and the global ARGs that have no value. */
export function declaredNames({ dockerfile }: Walk, scope: Variables): readonly string[] {
  const names = dockerfile.globalArgs.flatMap(({ args }) => args.map(({ name }) => name.value))
  return [...new Set([...scope.keys(), ...names])]
}
