import { TsbuildError } from '../../base/errors.ts'
import type { Evaluation } from './evaluation.ts'

/** What a stage takes files from must come before it. Errors with `STAGE_UNKNOWN`. */
export function refuseLater({ index }: Evaluation, source: number | undefined, name: string): void {
  if (source === undefined || source < index) return
  throw new TsbuildError('STAGE_UNKNOWN', `stage ${JSON.stringify(name)} comes only after the one that needs it`, {
    hint: 'move it up',
  })
}
