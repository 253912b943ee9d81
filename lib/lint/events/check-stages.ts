import { TsbuildError } from '../../base/errors.ts'
import { createExpander } from '../../graph/evaluate/expand.ts'
import { defaultArgs, globalArgs } from '../../graph/evaluate/global-args.ts'
import type { LintRun } from '../lint-run.ts'
import { siteOf } from '../site.ts'

/** Emits the events of names, keywords and default bases, before anything is evaluated. */
export function checkStages(run: LintRun): void {
  checkNames(run)
  checkKeywords(run)
  checkDefaults(run)
}

function checkNames({ dockerfile, check, emit }: LintRun): void {
  const taken = new Set<string>()
  for (const stage of dockerfile.stages) {
    const { name, from } = stage
    if (name === undefined) continue
    emit('stageName', { stage, name, isTaken: taken.has(name) }, siteOf(from, check))
    taken.add(name)
  }
}

function checkKeywords({ dockerfile, check, emit }: LintRun): void {
  const instructions = dockerfile.stages.flatMap((stage) => [stage.from, ...stage.instructions])
  const words = instructions.map(({ keyword }) => keyword.value)
  const lower = words.filter((word) => word === word.toLowerCase()).length
  const upper = words.filter((word) => word === word.toUpperCase()).length
  const majority = lower > upper ? 'lowercase' : 'uppercase'
  for (const instruction of instructions) {
    emit('keyword', { keyword: instruction.keyword, majority }, siteOf(instruction, check))
  }
}

/** Emits the bases as they are without any build arg. A default that can't be expanded fails the build anyway. */
function checkDefaults(run: LintRun): void {
  const { dockerfile, evaluation, check, emit } = run
  const expander = createExpander((span) => ({ file: dockerfile.file, span }), dockerfile.escape)
  try {
    const scope = globalArgs(defaultArgs(dockerfile, evaluation), dockerfile.globalArgs, {}, expander)
    for (const { from } of dockerfile.stages) {
      emit('defaultBase', { from, name: expander.word(from.image, scope).value }, siteOf(from, check))
    }
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
  }
}
