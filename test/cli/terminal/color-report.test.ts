import { expect, test } from 'vitest'
import { formatError, TsbuildError } from '../../../lib/base/errors.ts'
import { colorReport } from '../../../lib/cli/terminal/color-report.ts'
import { painter } from '../../../lib/cli/terminal/paint.ts'

const text = 'FROM scratch\nCOPPY x /\nCMD x'
const error = new TsbuildError('INSTRUCTION_UNKNOWN', 'unknown instruction "COPPY"', {
  location: { file: { name: 'Dockerfile', text }, span: { start: 13, end: 18 } },
  hint: 'did you mean COPY?',
})

test('a report keeps its text when it is coloured', () => {
  const report = formatError(error)
  expect(colorReport(report, painter(false))).toBe(report)
  expect(colorReport(report, painter(true)).replace(/\x1b\[\d+m/g, '')).toBe(report)
})

test('the severity, the marked line, the marks and the hint stand out', () => {
  const lines = colorReport(formatError(error), painter(true)).split('\n')
  const plain = formatError(error).split('\n')
  const changed = lines.map((line, i) => line !== plain[i])
  expect(changed).toEqual(plain.map(() => true))
  expect(lines[0]).toContain('\x1b[31merror:')
})
