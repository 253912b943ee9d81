import { withLocation } from '../errors.ts'
import { evaluateInstruction } from './evaluate-instruction.ts'
import type { Evaluation } from './evaluation.ts'
import type { PlannedStage } from './plan-stages.ts'
import { type StageState, startState } from './stage-state.ts'
import type { Variables, Walk } from './walk.ts'

/** Goes through the stages' instructions with the variables that are in force. Errors as a build would, at the instruction. */
export function evaluateStages(walk: Walk, stages: readonly PlannedStage[], globalScope: Variables): void {
  const states = new Map<number, StageState>()
  for (const planned of stages) {
    const { index } = planned.stage
    const base = planned.base === undefined ? undefined : states.get(planned.base)
    const state = startState(planned, base, walk.targetPlatform)
    states.set(index, state)
    for (const { instruction, site } of planned.commands) {
      const evaluation: Evaluation = { walk, index, state, globalScope, site }
      try {
        evaluateInstruction(evaluation, instruction)
      } catch (error) {
        throw withLocation(error, { file: walk.dockerfile.file, span: site.span })
      }
    }
  }
}
