// The built program unpacks archives: in it, Node.js itself loads the packages that decompress, instead of the
// loader of the tests.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeTar } from '../support/make-tar.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { succeed } from './tsbuild.ts'

test.each(['gzip', 'bzip2', 'xz', 'zstd'].filter(requires))('ADD unpacks a tar that %s has packed', async (program) => {
  const directory = temporaryDirectory()
  const context = join(directory, 'context')
  mkdirSync(context)
  const tar = await makeTar({ name: 'directory/file', body: 'packed' })
  writeFileSync(join(context, 'files'), execFileSync(program, ['-c'], { input: tar }))
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nADD files /unpacked/\n')
  const out = join(directory, 'out')
  await succeed(['-o', out, context], { store: join(directory, 'store') })
  expect(readFileSync(join(out, 'unpacked/directory/file'), 'utf8')).toBe('packed')
})
