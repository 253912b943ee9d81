import { TsbuildError } from '../../base/errors.ts'
import { goClean } from '../../base/paths.ts'
import { heredocText } from '../../parser/index.ts'
import type { Add, Copy } from '../../parser/types.ts'
import type { LintIgnore } from '../lint-options.ts'
import { type Evaluation, emit, expandChecked, reportUnset } from './evaluation.ts'
import { stageOfCopy } from './plan-stages.ts'
import { refuseLater } from './refuse-later.ts'
import { expandBody } from './walk.ts'

/** Errors with `CHMOD_INVALID`, `STAGE_UNKNOWN` and those of expansion. */
export function evaluateCopy(evaluation: Evaluation, instruction: Copy | Add): void {
  const { chown, chmod, sources, destination, kind } = instruction
  const { walk, state } = evaluation
  if (chown) expandChecked(evaluation, chown)
  const mode = chmod && expandChecked(evaluation, chmod)
  if (instruction.kind === 'ADD' && instruction.checksum) expandChecked(evaluation, instruction.checksum)
  const paths = sources.flatMap((source) =>
    source.kind === 'path' ? { word: source.path, path: expandChecked(evaluation, source.path) } : [],
  )
  expandChecked(evaluation, destination)
  for (const source of sources) {
    if (source.kind !== 'heredoc' || !source.heredoc.expand) continue
    const word = { value: heredocText(source.heredoc), span: source.heredoc.contentSpan }
    reportUnset(evaluation, word, expandBody(walk, word, state.env))
  }
  const from = instruction.kind === 'COPY' ? instruction.from : undefined
  if (from) refuseLater(evaluation, stageOfCopy(walk, from.value), from.value)
  refuseMode(mode)
  if (from) return
  const { ignore } = walk.options
  for (const { word, path: written } of paths) {
    if (isRemote(written)) continue
    const path = goClean(written)
    emit(evaluation, 'source', { instruction: kind, path, word, isIgnored: ignore ? isIgnored(ignore, path) : false })
  }
}

/** With exceptions among the patterns nothing can be said of a directory without looking into it. */
function isIgnored(ignore: LintIgnore, path: string): boolean {
  const { patterns } = ignore
  if (patterns.some((pattern) => pattern.startsWith('!'))) return false
  const isRoot = path === '.' || path === '/'
  const hidesAll = patterns.some((pattern) => pattern === '*' || pattern === '**' || pattern === '**/*')
  return (!isRoot || hidesAll) && ignore.matches(path)
}

function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\//.test(source) || /^[\w.-]+@[\w.-]+:\S/.test(source)
}

function refuseMode(mode: string | undefined): void {
  if (!mode || !/^[0-9]/.test(mode) || /^0*[0-7]{1,4}$/.test(mode)) return
  throw new TsbuildError(
    'CHMOD_INVALID',
    `invalid --chmod ${JSON.stringify(mode)}: expected an octal number up to 07777`,
  )
}
