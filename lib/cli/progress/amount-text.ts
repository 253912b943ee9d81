import { groupDigits } from '../../base/count.ts'
import { formatSize } from '../../base/format-size.ts'
import type { Step } from './steps.ts'

/** The progress of a step: `1,204 files`, `12.3 MB / 40.0 MB`. */
export function amountText(step: Step): string {
  if (!step.amount) return ''
  const { current, total, unit } = step.amount
  const show = (n: number): string => (unit === 'bytes' ? formatSize(n) : groupDigits(n))
  return `${show(current)}${total === undefined ? '' : ` / ${show(total)}`}${unit === 'files' ? ' files' : ''}`
}
