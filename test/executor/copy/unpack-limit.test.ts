import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openStore } from '../../../lib/cache/store.ts'
import { withUnpackLimit } from '../../../lib/executor/copy/unpack-limit.ts'
import { openArchive } from '../../../lib/layers/archive/open-archive.ts'
import { run } from '../../support/run.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

test('a bomb is an error instead of a full disk, and leaves nothing behind', async () => {
  const directory = temporaryDirectory()
  run('truncate', ['-s', '50M', join(directory, 'zeros')])
  run('tar', ['-C', directory, '-czf', join(directory, 'bomb.tgz'), 'zeros'])
  const store = openStore(join(directory, 'store'))
  await expect(openArchive(join(directory, 'bomb.tgz'), withUnpackLimit(store, 1 << 20))).rejects.toMatchObject({
    code: 'ARCHIVE_TOO_LARGE',
    message: 'the archive has more than 1048576 bytes once it is unpacked',
  })
  expect(run('find', [join(directory, 'store'), '-type', 'f', '-size', '+100k'])).toBe('')
  expect((await openArchive(join(directory, 'bomb.tgz'), withUnpackLimit(store)))?.entries).toHaveLength(1)
})

test('what is no archive is none, whatever its size', async () => {
  const directory = temporaryDirectory()
  const store = openStore(join(directory, 'store'))
  writeFileSync(join(directory, 'text.gz'), gzipSync('text'))
  expect(await openArchive(join(directory, 'text.gz'), withUnpackLimit(store, 1 << 20))).toBeUndefined()
})
