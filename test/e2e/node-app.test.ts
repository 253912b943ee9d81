// A Node application with a real node_modules of some thousands of files, installed here.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLayout, validateImage } from '../../lib/index.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { copyOfFixture, succeed } from './tsbuild.ts'

test('node_modules gets into the image, less what .dockerignore hides', async () => {
  const context = copyOfFixture('node-app')
  run('npm', ['ci', '--prefix', context, '--ignore-scripts', '--no-audit', '--no-fund'])
  const wanted = readdirSync(join(context, 'node_modules'), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name).slice(context.length + 1))
  expect(wanted.length).toBeGreaterThan(2000)

  const out = temporaryDirectory()
  const store = temporaryDirectory()
  await succeed(['-o', `type=oci,dest=${out}/layout,tar=false`, '-o', `type=tar,dest=${out}/files.tar`, context], {
    store,
  })
  const layout = openLayout(join(out, 'layout'))
  expect(await validateImage(layout, layout.find())).toMatchObject({ valid: true, problems: [] })
  if (requires('skopeo')) run('skopeo', ['inspect', `oci:${out}/layout`])

  const found = run('tar', ['-tf', join(out, 'files.tar')])
    .split('\n')
    .filter((path) => path.startsWith('app/node_modules/') && !path.endsWith('/'))
  expect(found.map((path) => path.slice('app/'.length)).sort()).toEqual(wanted.sort())

  const again = await succeed(['--progress=plain', '-o', `type=oci,dest=${out}/again.tar`, context], { store })
  expect(again.stderr).toMatch(/5, all cached/)
}, 180_000)
