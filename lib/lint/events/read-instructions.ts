import { failOnErrors } from '../../base/errors.ts'
import { toBuildKitTree } from '../../parser/index.ts'
import type { Arg, Dockerfile, From, Instruction } from '../../parser/types.ts'
import { withComments } from '../check-options.ts'
import type { LintRun } from '../lint-run.ts'
import { siteOf } from '../site.ts'
import { commentTexts, fromWords } from './instruction-text.ts'

/**
 * Emits the events of reading, instruction by instruction. Throws the file's errors after the events before the
 * first error. A text that can't be split into instructions has no events.
 */
export function readInstructions(run: LintRun): void {
  const { dockerfile } = run
  const isSound = dockerfile.diagnostics.every(({ severity }) => severity !== 'error')
  if (isSound) readEmptyLines(run)
  else {
    const { errors } = toBuildKitTree(dockerfile)
    failOnErrors(dockerfile.file, errors.length > 0 ? dockerfile.diagnostics : [])
    readEmptyLines(run)
  }
  const wrong = firstError(dockerfile)
  for (const instruction of dockerfile.instructions) {
    const { start, end } = instruction.span
    if (start > wrong) break
    readInstruction(run, instruction, end >= wrong)
  }
  failOnErrors(dockerfile.file, dockerfile.diagnostics)
}

function readEmptyLines({ dockerfile, check, emit }: LintRun): void {
  const { text } = dockerfile.file
  const broken = dockerfile.instructions.filter(({ emptyLines }) => emptyLines.length > 0)
  if (broken.length === 0) return
  const lines = toBuildKitTree(dockerfile).warnings.map(({ line }) => line)
  for (const instruction of broken) {
    const { startLine, endLine, emptyLines } = instruction
    const line = lines.find((n) => n >= startLine && n <= endLine) ?? startLine
    emit('emptyLines', { spans: emptyLines, text }, { ...siteOf(instruction, check), line })
  }
}

function readInstruction(run: LintRun, instruction: Instruction, isWrong: boolean): void {
  const { emit, dockerfile } = run
  const { text } = dockerfile.file
  const comments = commentTexts(instruction, text)
  const site = siteOf(instruction, withComments(run.check, comments))
  emit('instruction', { instruction, text }, site)
  if (instruction.kind === 'FROM') emit('from', { from: instruction, words: fromWords(instruction), text }, site)
  if (isWrong || (instruction.kind !== 'FROM' && instruction.kind !== 'ARG')) return
  const names = definedNames(instruction)
  if (names.length > 0) emit('definition', { instruction, names, comments }, site)
}

function definedNames(instruction: From | Arg): readonly string[] {
  if (instruction.kind === 'ARG') return instruction.args.map(({ name }) => name.value)
  return instruction.name ? [instruction.name.value.toLowerCase()] : []
}

/** The start of the first error, which may lie in an instruction that couldn't be read. */
function firstError({ diagnostics }: Dockerfile): number {
  return diagnostics.find(({ severity }) => severity === 'error')?.span.start ?? Number.POSITIVE_INFINITY
}
