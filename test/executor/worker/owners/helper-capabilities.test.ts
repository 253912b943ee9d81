import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createCapabilityReading } from '../../../../lib/executor/worker/owners/helper-capabilities.ts'
import { bytesToPath } from '../../../../lib/layers/paths/path-bytes.ts'
import { writeFileCapabilities } from '../../../../lib/sandbox/native/file-capabilities.ts'
import { findHelper } from '../../../../lib/sandbox/native/find-helper.ts'
import { isRoot } from '../../../support/programs.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const VALUE = Buffer.from('0100000200200000000000000000000000000000', 'hex')
const ODD = Buffer.from([0x6f, 0xff, 0x0a])

test.skipIf(!isRoot('setting file capabilities'))('the helper reads capabilities, whatever the names', () => {
  const helper = findHelper({}) ?? ''
  const home = temporaryDirectory()
  mkdirSync(join(home, 'd'))
  for (const name of ['plain', 'd/two\nlines']) writeFileSync(join(home, name), '')
  writeFileSync(Buffer.concat([Buffer.from(`${home}/`), ODD]), '')
  const value = { value: VALUE }
  const written = [
    { path: 'd/two\nlines', ...value },
    { path: ODD, ...value },
  ]
  expect(writeFileCapabilities(helper, home, written)).toEqual([])
  const before = process.cwd()
  process.chdir(home)
  onTestFinished(() => process.chdir(before))
  const odd = bytesToPath(Buffer.concat([Buffer.from(`${home}/`), ODD]))
  const files = [`${home}/plain`, `${home}/d/two\nlines`, odd]
  const { values, unread } = createCapabilityReading(helper, home)(files)
  expect(unread).toEqual([])
  expect([...values].map(([file, found]) => [file, Buffer.from(found).equals(VALUE)])).toEqual([
    [`${home}/d/two\nlines`, true],
    [odd, true],
  ])
})

test('a file that is not there is left to the programs of the system', () => {
  const home = temporaryDirectory()
  const { values } = createCapabilityReading(findHelper({}), home)([`${home}/missing`])
  expect([...values]).toEqual([])
})
