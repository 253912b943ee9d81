// From the evaluation of a graph to the events that rules check.
import type { FromWord, GraphObserver } from '../../graph/evaluate/observer.ts'
import type { LinkedStage } from '../../graph/linked-stage.ts'
import type { KnownName } from '../../graph/resolved-name.ts'
import { formatPlatform, tryParsePlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'
import type { From } from '../../parser/types.ts'
import { withComments } from '../check-options.ts'
import type { LintRun } from '../lint-run.ts'
import { type Site, siteOf } from '../site.ts'
import { commentTexts } from './instruction-text.ts'
import { createStageMemory, observeStage, type StageMemory } from './observe-stage.ts'

/** Makes the observer of the graph for a platform. */
export function observeGraph(run: LintRun, platform: Platform): GraphObserver {
  const memories = new Map<number, StageMemory>()
  let stages: readonly LinkedStage[] = []
  return {
    fromWord: (event) => emitFromWord(run, event, platform),
    base: (linked, base) => emitBase(run, linked, base, linked.platform ?? platform),
    planned: (planned, needed) => {
      stages = planned
      for (const { stage } of planned) {
        if (needed.has(stage.index)) continue
        const isNamed = stage.name !== undefined && isLastOfName(run, stage)
        run.emit('unneeded', { stage, isNamed }, fromSite(run, stage.from))
      }
    },
    stage: (linked, state) => {
      const below = linked.base.kind === 'stage' ? memories.get(linked.base.index) : undefined
      const memory = createStageMemory(linked, state, below)
      memories.set(linked.stage.index, memory)
      const isLast = linked === stages.at(-1)
      const isShipped = shippedStages(stages).has(linked.stage.index)
      return observeStage({ run, linked, platform, state, memory, isLast, isShipped })
    },
  }
}

/** FROM's site, with the check directive of its comments. */
function fromSite({ check, dockerfile }: LintRun, from: From): Site {
  return siteOf(from, withComments(check, commentTexts(from, dockerfile.file.text)))
}

function isLastOfName({ dockerfile }: LintRun, stage: LinkedStage['stage']): boolean {
  return dockerfile.stages.findLast(({ name }) => name === stage.name) === stage
}

function emitFromWord(run: LintRun, { from, word, expansion, globalArgs }: FromWord, target: Platform): void {
  const { dockerfile, emit } = run
  const { value, used, unset } = expansion
  const site = fromSite(run, from)
  const names = dockerfile.globalArgs.flatMap(({ args }) => args.map(({ name }) => name.value))
  const declared = [...new Set([...globalArgs.keys(), ...names])]
  emit('fromVariables', { word, unset: [...unset], declared }, site)
  if (word !== from.platform) return
  const targetPlatform = globalArgs.get('TARGETPLATFORM') ?? formatPlatform(target)
  const platform = tryParsePlatform(value)
  emit('platform', { from, word, value, platform, used: [...used], unset: [...unset], targetPlatform }, site)
}

/** Emits the platform of a base image, where it is known. */
function emitBase(
  { emit, check }: LintRun,
  { stage, baseName }: LinkedStage,
  base: KnownName,
  expected: Platform,
): void {
  if (base.kind !== 'image' && base.kind !== 'sketch') return
  const actual = base.kind === 'image' ? base.image.config : base.platform
  if (actual) emit('base', { name: baseName, expected, actual }, siteOf(stage.from, check))
}

/** The last stage and those it stands on: their layers are the image's. */
function shippedStages(stages: readonly LinkedStage[]): ReadonlySet<number> {
  const byIndex = new Map(stages.map((linked) => [linked.stage.index, linked]))
  const shipped = new Set<number>()
  for (
    let linked = stages.at(-1);
    linked;
    linked = linked.base.kind === 'stage' ? byIndex.get(linked.base.index) : undefined
  ) {
    shipped.add(linked.stage.index)
  }
  return shipped
}
