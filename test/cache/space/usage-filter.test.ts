import { expect, test } from 'vitest'
import { parseUsageFilters } from '../../../lib/cache/space/usage-filter.ts'
import type { UsageRecord } from '../../../lib/cache/space/usage-record.ts'

const record: UsageRecord = {
  id: 'abcdef'.padEnd(64, '0'),
  type: 'regular',
  description: 'RUN make',
  size: 1,
  lastUsed: '2026-01-01T00:00:00.000Z',
  inUse: false,
  shared: true,
  reclaimable: true,
}

test.each([
  ['type=regular', true],
  ['type==regular', true],
  ['type!=regular', false],
  ['type=image', false],
  ['type~=^reg', true],
  ['id=abcd', true],
  ['id=bcde', false],
  ['id=abc', false],
  ['description~=make$', true],
  ['description=RUN', false],
  ['shared', true],
  ['private', false],
  ['shared=false', false],
  ['shared!=true', false],
  ['inuse=0', true],
  ['type=regular,description=RUN make', true],
  ['type=regular,inuse', false],
])('%s matches: %s', (text, matches) => {
  expect(parseUsageFilters([text]).matches(record)).toBe(matches)
})

test.each([
  ['until=24h', 86_400_000],
  ['unused-for=1h30m', 5_400_000],
  ['until=7d,until=1s', 604_800_000],
  ['type=image', 0],
])('%s is about what was not used for %d milliseconds', (text, milliseconds) => {
  expect(parseUsageFilters([text]).unusedFor).toBe(milliseconds)
})

test.each([
  ['typ=image', 'did you mean type?'],
  ['parents=x', 'the keys are'],
  ['type=regula', 'did you mean type=regular?'],
  ['until=soon', 'a duration is e.g. 24h'],
  ['until!=24h', 'write until=DURATION'],
  ['id~=[', 'Invalid regular expression'],
  ['type', 'the types are'],
])('%s is refused with a hint', (text, hint) => {
  const refusal = expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.stringContaining(hint) })
  expect(() => parseUsageFilters([text])).toThrow(refusal)
})
