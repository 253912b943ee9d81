// ONBUILD: the triggers of a base are fired at the beginning of the stages that stand on it.

import { at } from '../base/element-at.ts'
import { TsbuildError } from '../base/errors.ts'
import type { Location } from '../base/source.ts'
import { parse } from '../parser/index.ts'
import type { EscapeCharacter, OnBuild } from '../parser/types.ts'
import { createExpander } from './evaluate/expand.ts'
import type { StageCommand } from './evaluate/stage-command.ts'
import type { LinkedGraph } from './link-graph.ts'
import type { LinkedStage } from './linked-stage.ts'
import { type KnownName, nameKey } from './resolved-name.ts'

/** The graph, and the stages and images of it that are known so far. */
export interface TriggerSources {
  readonly graph: LinkedGraph
  readonly commands: ReadonlyMap<number, readonly StageCommand[]>
  readonly names: ReadonlyMap<string, KnownName>
}

/** The ONBUILD triggers that a stage's base, image or stage, brings along. Errors with `ONBUILD_INVALID`. */
export function onBuildTriggers(linked: LinkedStage, { graph, commands, names }: TriggerSources): StageCommand[] {
  const { base, stage, platform = graph.platform } = linked
  const { file, escape: escapeCharacter } = graph.dockerfile
  const location = { file, span: stage.from.span }
  if (base.kind === 'stage') {
    const isTrigger = (c: StageCommand): c is StageCommand & { instruction: OnBuild } =>
      c.instruction.kind === 'ONBUILD'
    return at(commands, base.index)
      .filter(isTrigger)
      .map((c) => parseTrigger(c.instruction.expression, escapeCharacter, location))
  }
  const found = names.get(nameKey(base.name, platform))
  return (found ? onBuildOf(found) : []).map((expression) => parseTrigger(expression, escapeCharacter, location))
}

function onBuildOf(found: KnownName): readonly string[] {
  if (found.kind === 'sketch') return found.config.OnBuild ?? []
  return found.kind === 'image' ? (found.image.config.config?.OnBuild ?? []) : []
}

/**
 * The lines of a trigger are joined by backslashes, but its words have the escape character of the Dockerfile
 * that it is fired in.
 */
function parseTrigger(expression: string, escapeCharacter: EscapeCharacter, location: Location): StageCommand {
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
  const locate = (): Location => location
  return { instruction, expander: createExpander(locate, escapeCharacter), onBuild: true, location, locate }
}
