// Which stages there are to evaluate, and with which instructions, ONBUILD triggers included.
import { expandWord, parse } from '../../parser/index.ts'
import type { From, Instruction, Word } from '../../parser/types.ts'
import { withComments } from '../check-options.ts'
import type { BaseImage } from '../lint-options.ts'
import { type Site, siteOf } from '../site.ts'
import { isImageName } from './image-name.ts'
import { commentTexts } from './instruction-text.ts'
import type { LinkedStage } from './link-stages.ts'
import { failure, type Walk } from './walk.ts'

/** An instruction to evaluate, and where to report it. */
export interface Command {
  readonly instruction: Exclude<Instruction, From>
  readonly site: Site
}

export interface PlannedStage extends LinkedStage {
  readonly commands: readonly Command[]
  /** Undefined for stages, for `scratch`, and for images that aren't known. */
  readonly image: BaseImage | undefined
}

/** Errors with `STAGE_UNKNOWN`, `STAGE_CYCLE`, `TARGET_UNKNOWN`, `REFERENCE_INVALID` and `ONBUILD_INVALID`. */
export function planStages(walk: Walk, stages: readonly LinkedStage[]): readonly PlannedStage[] {
  const { options } = walk
  const target = findTarget(walk, stages)
  const commands = stages.map(({ stage }) => stage.instructions.map((instruction) => ownCommand(walk, instruction)))
  const needs = stages.map((_, index) => new Set(sourceStages(walk, stages, commands[index] ?? [])))
  refuseCycles(walk, stages, needs)
  const checksAll = options.target === undefined && options.stages !== 'target'
  const images = new Map<number, BaseImage | undefined>()
  const triggered = new Set<number>()
  for (;;) {
    const reachable = reachableStages(stages, needs, target)
    resolveImages(walk, stages, checksAll ? stages.map((_, index) => index) : reachable, images)
    const fresh = reachable.filter((index) => !triggered.has(index))
    if (fresh.length === 0) {
      if (checksAll) emitUnneeded(walk, stages, new Set(reachable))
      const chosen = checksAll ? stages.map((_, index) => index) : reachable
      return chosen.flatMap((index) => {
        const stage = stages[index]
        return stage ? { ...stage, commands: commands[index] ?? [], image: images.get(index) } : []
      })
    }
    for (const index of fresh) {
      triggered.add(index)
      const stage = stages[index]
      if (!stage) continue
      const fired = triggers(
        walk,
        stage,
        stage.base === undefined ? [] : (commands[stage.base] ?? []),
        images.get(index),
      )
      commands[index] = [...fired, ...(commands[index] ?? [])]
      for (const source of sourceStages(walk, stages, fired)) needs[index]?.add(source)
    }
  }
}

function emitUnneeded(walk: Walk, stages: readonly LinkedStage[], needed: ReadonlySet<number>): void {
  const { dockerfile, check, emit, stageNames } = walk
  for (const { stage } of stages) {
    if (needed.has(stage.index)) continue
    const isNamed = stage.name !== undefined && stageNames.get(stage.name) === stage.index
    const site = siteOf(stage.from, withComments(check, commentTexts(stage.from, dockerfile.file.text)))
    emit('unneeded', { stage, isNamed }, site)
  }
}

function ownCommand(walk: Walk, instruction: Command['instruction']): Command {
  const comments = commentTexts(instruction, walk.dockerfile.file.text)
  return { instruction, site: siteOf(instruction, withComments(walk.check, comments)) }
}

function findTarget({ options, dockerfile }: Walk, stages: readonly LinkedStage[]): number {
  if (options.target === undefined) return stages.length - 1
  const wanted = options.target.toLowerCase()
  const found = stages.findLastIndex(({ stage }) => stage.name === wanted)
  if (found !== -1) return found
  const span = dockerfile.stages.at(-1)?.from.span ?? { start: 0, end: 0 }
  throw failure(dockerfile, 'TARGET_UNKNOWN', `there is no stage named ${JSON.stringify(options.target)}`, span)
}

/** The stages that instructions take files from. */
function sourceStages(walk: Walk, stages: readonly LinkedStage[], commands: readonly Command[]): readonly number[] {
  return commands.flatMap(({ instruction, site }) => {
    if (instruction.kind === 'COPY' && instruction.from) return copySource(walk, stages, instruction.from, site) ?? []
    if (instruction.kind !== 'RUN') return []
    return instruction.mounts.flatMap(
      ({ options }) => stageOfMount(walk, options.find(({ key }) => key === 'from')?.value) ?? [],
    )
  })
}

/** The stage of `--from`: by number or name; undefined for an image. */
function copySource(walk: Walk, stages: readonly LinkedStage[], from: Word, site: Site): number | undefined {
  const { dockerfile } = walk
  const span = site.isWritten ? from.span : site.span
  const expanded = expandWord(from.value, new Map(), { escape: dockerfile.escape })
  if ('error' in expanded) throw failure(dockerfile, expanded.error.code, expanded.error.message, span)
  if (expanded.value !== from.value) {
    const message = `variables are not expanded in --from: ${JSON.stringify(from.value)}`
    throw failure(dockerfile, 'INSTRUCTION_ARGUMENTS', message, span)
  }
  const index = stageOfCopy(walk, from.value)
  if (index === undefined || stages[index]) return index
  throw failure(dockerfile, 'STAGE_UNKNOWN', `there is no stage ${from.value}`, span)
}

/** The stage of a `--from`: a number, there or not, or that of a name; undefined for an image. */
export function stageOfCopy({ stageNames }: Walk, from: string): number | undefined {
  return /^[+-]?[0-9]+$/.test(from) ? Number(from) : stageNames.get(from.toLowerCase())
}

/** The stage of a mount's `from`, which goes by names only. */
export function stageOfMount({ stageNames }: Walk, name: string | undefined): number | undefined {
  return name ? stageNames.get(name.toLowerCase()) : undefined
}

/** Cycles among `--from`s; a base is always an earlier stage. */
function refuseCycles(
  { dockerfile }: Walk,
  stages: readonly LinkedStage[],
  needs: readonly ReadonlySet<number>[],
): void {
  const state = new Map<number, 'open' | 'done'>()
  for (const start of stages.keys()) {
    const stack = [start]
    for (let index = stack.at(-1); index !== undefined; index = stack.at(-1)) {
      if (state.has(index)) {
        state.set(index, 'done')
        stack.pop()
        continue
      }
      state.set(index, 'open')
      for (const next of needs[index] ?? []) {
        const stage = stages[next]?.stage
        if (state.get(next) === 'open' && stage) {
          const message = `stage ${JSON.stringify(stage.name ?? String(next))} needs itself`
          throw failure(dockerfile, 'STAGE_CYCLE', message, stage.from.span)
        }
        if (!state.has(next)) stack.push(next)
      }
    }
  }
}

function reachableStages(
  stages: readonly LinkedStage[],
  needs: readonly ReadonlySet<number>[],
  target: number,
): readonly number[] {
  const found = new Set<number>()
  const queue = [target]
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    if (found.has(index)) continue
    found.add(index)
    const base = stages[index]?.base
    for (const need of needs[index] ?? []) queue.push(need)
    if (base !== undefined) queue.push(base)
  }
  return [...found].sort((a, b) => a - b)
}

function resolveImages(
  walk: Walk,
  stages: readonly LinkedStage[],
  wanted: readonly number[],
  images: Map<number, BaseImage | undefined>,
): void {
  for (const index of wanted) {
    const linked = stages[index]
    if (!linked || linked.base !== undefined || linked.baseName === 'scratch' || images.has(index)) continue
    const { stage, baseName, platform: expected = walk.targetPlatform } = linked
    if (!isImageName(baseName)) {
      const message = `${JSON.stringify(baseName)} is not an image name`
      throw failure(walk.dockerfile, 'REFERENCE_INVALID', message, stage.from.image.span)
    }
    const image = walk.options.baseImage?.(baseName, expected)
    images.set(index, image)
    if (image?.platform) {
      walk.emit('base', { name: baseName, expected, actual: image.platform }, siteOf(stage.from, walk.check))
    }
  }
}

/** What the ONBUILDs of a stage's base, image or stage, run in it. */
function triggers(
  walk: Walk,
  { stage }: LinkedStage,
  baseCommands: readonly Command[],
  image: BaseImage | undefined,
): Command[] {
  const ofStage = baseCommands.flatMap(({ instruction }) =>
    instruction.kind === 'ONBUILD' ? instruction.expression : [],
  )
  return [...(image?.onBuild ?? []), ...ofStage].map((expression) => {
    const site: Site = { ...siteOf(stage.from, walk.check), isWritten: false }
    // A trigger is one instruction; a FROM before it makes it a Dockerfile.
    const { stages, instructions, diagnostics } = parse(`FROM scratch\n${expression}`)
    const instruction = stages[0]?.instructions[0]
    if (!instruction || instructions.length !== 2 || diagnostics.some(({ severity }) => severity === 'error')) {
      const message = `the base's ONBUILD trigger ${JSON.stringify(expression)} is invalid`
      throw failure(walk.dockerfile, 'ONBUILD_INVALID', message, site.span)
    }
    return { instruction, site }
  })
}
