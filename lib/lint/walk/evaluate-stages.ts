import { withLocation } from '../../base/errors.ts'
import { withComments } from '../check-options.ts'
import { siteOf } from '../site.ts'
import type { StageSteps, Step } from '../step.ts'
import { evaluateInstruction } from './evaluate-instruction.ts'
import type { Evaluation } from './evaluation.ts'
import { commentTexts } from './instruction-text.ts'
import type { PlannedStage } from './plan-stages.ts'
import { recordStep } from './record-step.ts'
import { type StageState, startState } from './stage-state.ts'
import type { Variables, Walk } from './walk.ts'

/** Goes through the stages' instructions with the variables that are in force. Errors as a build would, at the instruction. */
export function evaluateStages(walk: Walk, stages: readonly PlannedStage[], globalScope: Variables): void {
  const states = new Map<number, StageState>()
  const shipped = shippedStages(stages)
  for (const planned of stages) {
    const { index } = planned.stage
    const steps: Step[] = []
    const base = planned.base === undefined ? undefined : states.get(planned.base)
    const state = startState(planned, base, walk.targetPlatform)
    states.set(index, state)
    for (const { instruction, site } of planned.commands) {
      const evaluation: Evaluation = { walk, index, state, globalScope, site }
      try {
        evaluateInstruction(evaluation, instruction)
        if (walk.hasOwnRules) steps.push(recordStep(evaluation, instruction, planned.baseName))
      } catch (error) {
        throw withLocation(error, { file: walk.dockerfile.file, span: site.span })
      }
    }
    if (!walk.hasOwnRules) continue
    emitStage(walk, planned, {
      steps,
      user: state.user,
      isShipped: shipped.has(index),
      isLast: planned === stages.at(-1),
    })
  }
}

/** The last stage and those it stands on: their layers are the image's. */
function shippedStages(stages: readonly PlannedStage[]): ReadonlySet<number> {
  const byIndex = new Map(stages.map((planned) => [planned.stage.index, planned]))
  const shipped = new Set<number>()
  for (
    let planned = stages.at(-1);
    planned;
    planned = planned.base === undefined ? undefined : byIndex.get(planned.base)
  ) {
    shipped.add(planned.stage.index)
  }
  return shipped
}

type Story = Pick<StageSteps, 'steps' | 'user' | 'isShipped' | 'isLast'>

function emitStage(walk: Walk, { stage, base, baseName, image }: PlannedStage, story: Story): void {
  const { dockerfile, options, check, emit } = walk
  const { text } = dockerfile.file
  const site = siteOf(stage.from, withComments(check, commentTexts(stage.from, text)))
  const world = { context: options.context, hasIgnoreFile: options.ignore !== undefined, text }
  emit('stage', { stage, site, base, baseName, image, ...story, ...world }, siteOf(stage.from, check))
}
