// The stages and images that the target needs, ONBUILD triggers included. All of this is known before any
// instruction is evaluated.
import { at } from '../base/element-at.ts'
import { TsbuildError, withLocation } from '../base/errors.ts'
import type { Location } from '../base/source.ts'
import { parseReference } from '../oci/reference.ts'
import type { Platform } from '../oci/types.ts'
import type { Word } from '../parser/types.ts'
import type { StageCommand } from './evaluate/stage-command.ts'
import type { GraphOptions } from './graph-options.ts'
import type { LinkedGraph } from './link-graph.ts'
import { findSource, sourceNames } from './link-stages.ts'
import type { LinkedStage, StageReference } from './linked-stage.ts'
import { onBuildTriggers } from './onbuild-triggers.ts'
import { reachableStages } from './order-stages.ts'
import { type KnownName, nameKey, type ResolvedName } from './resolved-name.ts'

/** The stages that the target needs, before their instructions are evaluated. */
export interface StagePlan {
  /** The stages to evaluate by index, in Dockerfile order. */
  readonly order: readonly number[]
  readonly commands: ReadonlyMap<number, readonly StageCommand[]>
  /** The names that are not stages, by platform and name. */
  readonly names: ReadonlyMap<string, KnownName>
  /** The named contexts that replace stages of their name. */
  readonly overrides: ReadonlyMap<number, KnownName>
}

/** A name that the plan needs to be resolved before it can go on. */
export interface NameRequest {
  readonly name: string
  readonly platform: Platform
  /** Whether a FROM has the name, and not only a `--from`. */
  readonly isBase: boolean
  /** Resolves the named context that replaces a stage. */
  readonly override: (() => Promise<ResolvedName>) | undefined
  /** The location of an error; undefined where the name is not written in the Dockerfile. */
  readonly location: Location | undefined
}

/** The names that were resolved, in the order of the requests. */
type Answers = readonly KnownName[]

export interface PlanOptions {
  readonly allStages: boolean
  readonly isNamedContext: (name: string, platform: Platform) => boolean
  readonly override: GraphOptions['override']
}

/**
 * Finds the stages to evaluate, asks for their bases, and fires ONBUILD triggers, which may bring further
 * stages and images in. It yields the names to resolve, so that callers can resolve them as they like: a build
 * asks registries, a check does not wait for anything. Errors with `STAGE_CYCLE`, `STAGE_UNKNOWN`,
 * `REFERENCE_INVALID`, `ONBUILD_INVALID` and `INSTRUCTION_ARGUMENTS`.
 */
export function* planStages(
  graph: LinkedGraph,
  options: PlanOptions,
): Generator<readonly NameRequest[], StagePlan, Answers> {
  const { stages, platform } = graph
  const replaced = replacedStages(graph, options)
  const planning: Planning = {
    graph,
    replaced,
    commands: new Map(
      stages.map(({ stage: { index } }) => [index, replaced.has(index) ? [] : ownCommands(graph, index)]),
    ),
    names: new Map([[nameKey('scratch', platform), { kind: 'scratch' }]]),
    overrides: new Map(),
  }
  const { commands, names, overrides } = planning
  const observed = new Set<number>()
  const triggered = new Set<number>()
  const valid = new Set<string>()
  for (;;) {
    const sources = stages.map((stage) => stageSources(stage, planning))
    const reachable = needed(graph, sources)
    const order = options.allStages ? [...stages.keys()] : reachable
    checkNames(sources.flat(), options, platform, valid)
    const requests = nameRequests(
      order.flatMap((index) => at(sources, index)),
      planning,
    )
    const replacements = order.filter((index) => replaced.has(index) && !overrides.has(index))
    const answers: Answers = yield [
      ...requests.values(),
      ...replacements.map((index) => overrideRequest(at(stages, index), at(replaced, index), platform)),
    ]
    for (const [position, key] of [...requests.keys()].entries()) names.set(key, at(answers, position))
    for (const [position, index] of replacements.entries()) overrides.set(index, at(answers, requests.size + position))
    for (const index of order) {
      if (!observed.has(index)) observeBase(at(stages, index), planning)
      observed.add(index)
    }
    const fresh = reachable.filter((index) => !triggered.has(index) && !replaced.has(index))
    for (const index of fresh) {
      triggered.add(index)
      commands.set(index, [...onBuildTriggers(at(stages, index), planning), ...at(commands, index)])
    }
    // Triggers can only name new sources in the round in which they fire.
    if (fresh.length === 0) {
      const planned = order.map((index) => at(stages, index))
      graph.observer?.planned(planned, new Set(reachable))
      return { order, commands, names, overrides }
    }
  }
}

/** The state of a plan in the making. */
interface Planning {
  readonly graph: LinkedGraph
  readonly replaced: ReadonlyMap<number, () => Promise<ResolvedName>>
  readonly commands: Map<number, readonly StageCommand[]>
  readonly names: Map<string, KnownName>
  readonly overrides: Map<number, KnownName>
}

function replacedStages(
  { stages, platform }: LinkedGraph,
  { override }: PlanOptions,
): ReadonlyMap<number, () => Promise<ResolvedName>> {
  const found = stages.flatMap(({ stage: { index, name } }) => {
    const replacement = name === undefined ? undefined : override?.(name, platform)
    return replacement ? [[index, replacement] as const] : []
  })
  return new Map(found)
}

function ownCommands({ dockerfile: { file }, stages, expander }: LinkedGraph, index: number): readonly StageCommand[] {
  const locate: StageCommand['locate'] = (span) => ({ file, span })
  return at(stages, index).stage.instructions.map((instruction) => ({
    instruction,
    expander,
    onBuild: false,
    location: locate(instruction.span),
    locate,
  }))
}

/** The stages that the target needs, in ascending order. */
function needed(graph: LinkedGraph, sources: readonly (readonly SourceUse[])[]): readonly number[] {
  const { stages, target } = graph
  const dependencies = sources.map((list) => new Set(list.flatMap(({ to }) => (to.kind === 'stage' ? to.index : []))))
  const nameOf = (index: number): string => at(stages, index).displayName || 'the stage'
  const placeOf = (from: number, to: number): Location | undefined =>
    sources[from]?.find((use) => use.to.kind === 'stage' && use.to.index === to)?.location
  // As in BuildKit, no stage may need itself, whether the target needs it or not: so all of them are walked,
  // from one that needs them all.
  reachableStages([...dependencies, new Set(stages.keys())], stages.length, nameOf, placeOf)
  return reachableStages(dependencies, target, nameOf, placeOf)
}

interface SourceUse {
  readonly to: StageReference
  readonly platform: Platform | undefined
  readonly isBase: boolean
  readonly location: Location
}

/** The sources of a stage: its base and the `--from`s of its commands. */
function stageSources({ stage, base, platform }: LinkedStage, { graph, commands, replaced }: Planning): SourceUse[] {
  const { stages, stagesByName, dockerfile } = graph
  const uses = at(commands, stage.index).flatMap((command) =>
    sourceNames(command.instruction).map((name) => {
      const location = command.locate(name.span)
      const to = located(() => findSource(stages, stagesByName, literalName(name, command)), location)
      return { to, platform: undefined, isBase: false, location }
    }),
  )
  if (replaced.has(stage.index)) return uses
  return [{ to: base, platform, isBase: true, location: { file: dockerfile.file, span: stage.from.span } }, ...uses]
}

/** A `--from` as written: it is needed before any stage is evaluated, so there are no variables in it. */
function literalName(name: Word, { expander }: StageCommand): string {
  if (expander.word(name, new Map()).value === name.value) return name.value
  throw new TsbuildError(
    'INSTRUCTION_ARGUMENTS',
    `variables are not expanded in --from: ${JSON.stringify(name.value)}`,
    {
      hint: 'give the image a stage of its own, FROM $IMAGE AS NAME with a global ARG, and copy from NAME',
    },
  )
}

/**
 * Refuses names that don't have the form of an image's, in stages that the target does without, too. Named
 * contexts may have any name.
 */
function checkNames(
  uses: readonly SourceUse[],
  { isNamedContext }: PlanOptions,
  target: Platform,
  valid: Set<string>,
): void {
  for (const { to, platform = target, location } of uses) {
    if (to.kind === 'stage' || to.name === 'scratch' || valid.has(to.name)) continue
    try {
      parseReference(to.name)
    } catch (error) {
      if (!isNamedContext(to.name, platform)) throw withLocation(error, location)
    }
    valid.add(to.name)
  }
}

/** The names that are not resolved yet, by their key. */
function nameRequests(uses: readonly SourceUse[], { graph, names }: Planning): ReadonlyMap<string, NameRequest> {
  const requests = new Map<string, NameRequest>()
  for (const { to, platform = graph.platform, isBase, location } of uses) {
    if (to.kind === 'stage') continue
    const key = nameKey(to.name, platform)
    if (names.has(key)) continue
    const { isBase: wasBase = false, location: first = location } = requests.get(key) ?? {}
    requests.set(key, { name: to.name, platform, isBase: isBase || wasBase, override: undefined, location: first })
  }
  return requests
}

function overrideRequest(
  { baseName }: LinkedStage,
  override: () => Promise<ResolvedName>,
  platform: Platform,
): NameRequest {
  return { name: baseName, platform, isBase: true, override, location: undefined }
}

function observeBase(linked: LinkedStage, { graph, names, overrides }: Planning): void {
  const { base, stage, platform = graph.platform } = linked
  const named = base.kind === 'name' ? names.get(nameKey(base.name, platform)) : undefined
  const found = overrides.get(stage.index) ?? named
  if (found) graph.observer?.base(linked, found)
}

function located<T>(action: () => T, location: Location): T {
  try {
    return action()
  } catch (error) {
    throw withLocation(error, location)
  }
}
