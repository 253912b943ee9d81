// How owners are recorded, by what there is.
import { expect, test } from 'vitest'
import { chooseOwnershipMethod } from '../../../lib/sandbox/ownership/choose-ownership-method.ts'
import type { IdMapping } from '../../../lib/sandbox/types.ts'
import { stepCommand } from '../native/native-step.ts'

const methodOf = (mapping: IdMapping, helper: boolean) => {
  const isolation = mapping === 'none' ? 'virtual' : 'userns'
  return chooseOwnershipMethod({ namespaces: { mapping }, backend: { isolation }, helper, realCapabilities: true })
}

test.each<[mapping: IdMapping, helper: boolean, kind: string]>([
  ['root', false, 'native'],
  ['root', true, 'native'],
  ['multiple', false, 'native'],
  ['single', true, 'helper'],
  ['single', false, 'assumed'],
  ['none', false, 'assumed'],
  ['none', true, 'helper'],
])('with the mapping %s, and a helper: %s, it is %s', (mapping, helper, kind) => {
  expect(methodOf(mapping, helper).kind).toBe(kind)
})

test('only in a virtual root files have other permissions on disk', () => {
  expect(methodOf('none', true).recordsPermissions).toBe(true)
  expect(methodOf('single', true).recordsPermissions).toBe(false)
})

test('methods without a table run the command as it is, and say what is not known', async () => {
  const command = stepCommand('/root', '/scratch', ['true'])
  const [disk, assumed] = [methodOf('root', false), methodOf('single', false)]
  expect([disk.unknown, assumed.unknown]).toEqual(['disk', 'before'])
  for (const method of [disk, assumed]) {
    expect(await method.wrap(command, [])).toBe(command)
    expect((await method.read(command)).find({ dev: 0xfe01n, ino: 2n ** 60n + 1n })).toBeUndefined()
  }
})
