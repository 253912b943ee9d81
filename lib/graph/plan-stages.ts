// Which stages and images the target needs, ONBUILD triggers included, before any instruction is evaluated.
import { TsbuildError, withLocation } from '../base/errors.ts'
import type { Location, SourceFile } from '../base/source.ts'
import { formatPlatform } from '../oci/platform.ts'
import type { Platform } from '../oci/types.ts'
import { parse } from '../parser/index.ts'
import type { Dockerfile, OnBuild, Word } from '../parser/types.ts'
import type { StageCommand } from './evaluate/evaluation.ts'
import { createExpander } from './evaluate/expand.ts'
import type { GraphOptions, ResolvedName } from './graph-options.ts'
import { findSource, type LinkedStage, type StageReference, sourceNames, stageNames } from './link-stages.ts'
import { reachableStages } from './order-stages.ts'

/** What is known of the stages that the target needs before their instructions are evaluated. */
export interface StagePlan {
  /** Stages by index, in Dockerfile order. */
  readonly order: readonly number[]
  readonly commands: ReadonlyMap<number, readonly StageCommand[]>
  /** Names that are no stage, by platform and name. */
  readonly names: ReadonlyMap<string, ResolvedName>
  /** What replaces stages that named contexts are called as. */
  readonly overrides: ReadonlyMap<number, ResolvedName>
}

/** Finds the stages in need, resolves their bases, and fires ONBUILD triggers, which may bring further stages and images in. */
export async function planStages(
  dockerfile: Dockerfile,
  stages: readonly LinkedStage[],
  target: number,
  platform: Platform,
  options: GraphOptions,
): Promise<StagePlan> {
  const expander = createExpander(dockerfile.file, dockerfile.escape)
  const commands = new Map<number, readonly StageCommand[]>()
  const names = new Map<string, ResolvedName>()
  const replaced = new Map<number, () => Promise<ResolvedName>>()
  const overrides = new Map<number, ResolvedName>()
  for (const { stage } of stages) {
    const override = stage.name === undefined ? undefined : options.override?.(stage.name, platform)
    if (override) replaced.set(stage.index, override)
    const own = stage.instructions.map((instruction): StageCommand => {
      const location = { file: dockerfile.file, span: instruction.span }
      return { instruction, file: dockerfile.file, expander, onBuild: false, location }
    })
    commands.set(stage.index, override ? [] : own)
  }
  const stagesByName = stageNames(stages)
  const triggered = new Set<number>()
  for (;;) {
    const sources = stages.map((stage) =>
      stageSources(stage, stages, stagesByName, commands, replaced, dockerfile.file),
    )
    const dependencies = sources.map((list) => new Set(list.flatMap((s) => (s.to.kind === 'stage' ? s.to.index : []))))
    const nameOf = (index: number): string => at(stages, index).displayName || 'the stage'
    const placeOf = (from: number, to: number): Location | undefined =>
      sources[from]?.find((use) => use.to.kind === 'stage' && use.to.index === to)?.location
    // As in BuildKit, no stage may need itself, whether the target needs it or not: so all of them are walked, from one that needs them all.
    reachableStages([...dependencies, new Set(stages.keys())], stages.length, nameOf, placeOf)
    const order = reachableStages(dependencies, target, nameOf, placeOf)
    await resolveNames(
      order.flatMap((index) => at(sources, index)),
      names,
      options,
    )
    await resolveOverrides(order, replaced, overrides)
    const fresh = order.filter((index) => !triggered.has(index) && !replaced.has(index))
    for (const index of fresh) {
      triggered.add(index)
      const fired = triggers(at(stages, index), commands, names, dockerfile, platform)
      commands.set(index, [...fired, ...(commands.get(index) ?? [])])
    }
    // Triggers can only name new sources in the round in which they fire.
    if (fresh.length === 0) return { order, commands, names, overrides }
  }
}

interface SourceUse {
  readonly to: StageReference
  readonly platform: Platform | undefined
  readonly location: Location
}

/** Everything a stage takes files from: its base and the `--from`s of its commands. */
function stageSources(
  linked: LinkedStage,
  stages: readonly LinkedStage[],
  stagesByName: ReadonlyMap<string, number>,
  commands: ReadonlyMap<number, readonly StageCommand[]>,
  replaced: ReadonlyMap<number, unknown>,
  file: SourceFile,
): SourceUse[] {
  const { stage, base, platform } = linked
  const uses = (commands.get(stage.index) ?? []).flatMap((command) =>
    sourceNames(command.instruction).map((name) => {
      const location = command.onBuild ? command.location : { file, span: name.span }
      const to = located(() => findSource(stages, stagesByName, literalName(name, command)), location)
      return { to, platform: undefined, location }
    }),
  )
  if (replaced.has(stage.index)) return uses
  return [{ to: base, platform, location: { file, span: stage.from.span } }, ...uses]
}

/** A `--from` as written: it is needed before any stage is evaluated, so there are no variables in it. */
function literalName(name: Word, { expander }: StageCommand): string {
  if (expander.word(name, new Map()) === name.value) return name.value
  throw new TsbuildError(
    'INSTRUCTION_ARGUMENTS',
    `variables are not expanded in --from: ${JSON.stringify(name.value)}`,
    {
      hint: 'give the image a stage of its own, FROM $IMAGE AS NAME with a global ARG, and copy from NAME',
    },
  )
}

/** Key of {@link StagePlan.names}. */
export const nameKey = (name: string, platform: Platform): string => `${formatPlatform(platform)} ${name}`

async function resolveNames(
  uses: readonly SourceUse[],
  names: Map<string, ResolvedName>,
  options: GraphOptions,
): Promise<void> {
  const wanted = new Map<string, () => Promise<void>>()
  for (const { to, platform, location } of uses) {
    if (to.kind !== 'name') continue
    const wantedPlatform = platform ?? options.platform ?? options.buildPlatform
    const key = nameKey(to.name, wantedPlatform)
    if (names.has(key)) continue
    wanted.set(key, async () => {
      try {
        names.set(key, to.name === 'scratch' ? { kind: 'scratch' } : await options.resolve(to.name, wantedPlatform))
      } catch (error) {
        throw withLocation(error, location)
      }
    })
  }
  await Promise.all([...wanted.values()].map((resolve) => resolve()))
}

async function resolveOverrides(
  order: readonly number[],
  replaced: ReadonlyMap<number, () => Promise<ResolvedName>>,
  overrides: Map<number, ResolvedName>,
): Promise<void> {
  const fresh = order.filter((index) => replaced.has(index) && !overrides.has(index))
  const resolved = await Promise.all(fresh.map((index) => at(replaced, index)()))
  for (const [position, index] of fresh.entries()) overrides.set(index, at(resolved, position))
}

/** The ONBUILD triggers that a stage's base, image or stage, brings along. */
function triggers(
  linked: LinkedStage,
  commands: ReadonlyMap<number, readonly StageCommand[]>,
  names: ReadonlyMap<string, ResolvedName>,
  dockerfile: Dockerfile,
  platform: Platform,
): StageCommand[] {
  const { base, stage } = linked
  const location = { file: dockerfile.file, span: stage.from.span }
  if (base.kind === 'stage') {
    const isTrigger = (c: StageCommand): c is StageCommand & { instruction: OnBuild } =>
      c.instruction.kind === 'ONBUILD'
    return (commands.get(base.index) ?? [])
      .filter(isTrigger)
      .map((c) => parseTrigger(c.instruction.expression, location))
  }
  const resolved = names.get(nameKey(base.name, linked.platform ?? platform))
  if (resolved?.kind !== 'image') return []
  return (resolved.image.config.config?.OnBuild ?? []).map((expression) => parseTrigger(expression, location))
}

function parseTrigger(expression: string, location: Location): StageCommand {
  // A trigger is one instruction; a FROM before it makes it a Dockerfile.
  const parsed = parse(`FROM scratch\n${expression}`, { name: 'ONBUILD trigger' })
  const instruction = parsed.stages[0]?.instructions[0]
  const problem = parsed.diagnostics.find((d) => d.severity === 'error')
  const count = parsed.instructions.length
  if (!instruction || problem || count !== 2 || instruction.kind === 'ONBUILD') {
    const reason = problem?.message ?? 'it must be one instruction, and neither FROM nor ONBUILD'
    throw new TsbuildError(
      'ONBUILD_INVALID',
      `the base's ONBUILD trigger ${JSON.stringify(expression)} is invalid: ${reason}`,
      { location },
    )
  }
  const expander = createExpander(parsed.file, parsed.escape)
  return { instruction, file: parsed.file, expander, onBuild: true, location }
}

function located<T>(action: () => T, location: Location): T {
  try {
    return action()
  } catch (error) {
    throw withLocation(error, location)
  }
}

/** The element of a list or map that must be there. */
export function at<T>(collection: readonly T[] | ReadonlyMap<number, T>, index: number): T {
  const value = 'get' in collection ? collection.get(index) : collection[index]
  if (value === undefined) throw new Error(`bug: no stage ${index}`)
  return value
}
