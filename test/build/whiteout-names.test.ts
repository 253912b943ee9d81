// Files whose names are whiteouts in a layer: the build says what they do.
import { expect, test } from 'vitest'
import { build } from '../../lib/index.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test.each([
  ['COPY . /', { '.wh.real': '', real: '1' }, /COPY brings "\.wh\.real": it removes "real" from the image/],
  [
    'COPY . /x/',
    { 'd/.wh..wh..opq': '' },
    /"x\/d\/\.wh\.\.wh\.\.opq": it removes what earlier layers have in "\/x\/d"/,
  ],
  ['ADD . /', { '.wh..wh.aufs': '' }, /ADD brings "\.wh\.\.wh\.aufs": it is no file of the image/],
  ['COPY . /', { '.wh.a': '', '.wh.b': '', '.wh.c': '' }, /brings "\.wh\.a", and 2 other files/],
])('%s', async (instruction, files, expected) => {
  const warnings: string[] = []
  const options = {
    context: new Map(Object.entries(files)),
    dockerfile: { text: `FROM scratch\n${instruction}\n` },
    store: temporaryDirectory(),
    onEvent: (event: { readonly type: string; readonly message?: string }) =>
      event.type === 'warning' && warnings.push(event.message ?? ''),
  }
  await build(options)
  // The warning is about the files, so it comes with a cached layer, too.
  await build(options)
  expect(warnings).toEqual([expect.stringMatching(expected), expect.stringMatching(expected)])
})
