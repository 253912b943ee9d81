import { TsbuildError } from '../../base/errors.ts'
import { siteOf } from '../site.ts'
import { defaultArgs, globalScope } from './global-scope.ts'
import { expand, type Walk } from './walk.ts'

/** What the stages show before anything is evaluated. */
export function checkStages(walk: Walk): void {
  checkNames(walk)
  checkKeywords(walk)
  checkDefaults(walk)
}

function checkNames({ dockerfile, check, emit }: Walk): void {
  const taken = new Set<string>()
  for (const stage of dockerfile.stages) {
    const { name, from } = stage
    if (name === undefined) continue
    emit('stageName', { stage, name, isTaken: taken.has(name) }, siteOf(from, check))
    taken.add(name)
  }
}

function checkKeywords({ dockerfile, check, emit }: Walk): void {
  const instructions = dockerfile.stages.flatMap((stage) => [stage.from, ...stage.instructions])
  const words = instructions.map(({ keyword }) => keyword.value)
  const lower = words.filter((word) => word === word.toLowerCase()).length
  const upper = words.filter((word) => word === word.toUpperCase()).length
  const majority = lower > upper ? 'lowercase' : 'uppercase'
  for (const instruction of instructions) {
    emit('keyword', { keyword: instruction.keyword, majority }, siteOf(instruction, check))
  }
}

/** Bases as they are when no build arg is given. A default that can't be expanded fails the build anyway. */
function checkDefaults(walk: Walk): void {
  const { dockerfile, check, emit } = walk
  try {
    const scope = globalScope(walk, defaultArgs(walk), {})
    for (const { from } of dockerfile.stages) {
      emit('defaultBase', { from, name: expand(walk, from.image, scope).value }, siteOf(from, check))
    }
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error
  }
}
