// Whatever the helper reads, it accepts or refuses: no input makes it read or write where it may not.
import { expect, test } from 'vitest'
import { buildFuzzer, FUZZ_TARGETS, fuzz } from '../../../scripts/soak/fuzz-native.ts'

const INPUTS = 10_000

const program = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) ? buildFuzzer() : undefined
if (program === undefined) {
  if (process.env['CI'] === 'true') throw new Error('there is no C compiler, and CI=true allows no skipped tests')
  console.warn('skipped: there is no C compiler for the native helper')
}

test.skipIf(program === undefined).each(FUZZ_TARGETS)('%s: broken inputs are refused, and some are taken', (target) => {
  const accepted = fuzz(program ?? '', target, 1, INPUTS)
  expect(accepted).toBeGreaterThan(INPUTS / 100)
  expect(accepted).toBeLessThan(INPUTS)
})
