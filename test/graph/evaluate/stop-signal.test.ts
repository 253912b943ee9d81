import { expect, test } from 'vitest'
import { checkStopSignal } from '../../../lib/graph/evaluate/stop-signal.ts'

test.each(['SIGTERM', 'term', 'sigint', '9', '64', 'RTMIN+3', 'SIGRTMAX-2'])('%s is a signal', (signal) => {
  expect(() => checkStopSignal(signal)).not.toThrow()
})

test.each([
  ['0', undefined],
  ['', undefined],
  ['SIGTREM', 'did you mean "SIGTERM"?'],
  ['9.5', undefined],
])('%j is none', (signal, hint) => {
  expect(() => checkStopSignal(signal)).toThrow(
    expect.objectContaining({ code: 'INSTRUCTION_ARGUMENTS', ...(hint !== undefined && { hint }) }),
  )
})
