import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processMark } from '../../lib/base/process-mark.ts'
import type { ArchivedImage } from '../../lib/export/archived-image.ts'
import { exportLayout } from '../../lib/export/export-layout.ts'
import { sweepTemporaryOutputs, temporaryOutput } from '../../lib/export/temporary-outputs.ts'
import { writeStream } from '../../lib/export/write-stream.ts'
import { digestPath } from '../../lib/oci/digest.ts'
import { memoryStore, putImage } from '../support/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const dead = (): string => processMark().replace(/^\d+/, String(spawnSync('true').pid))

test('outputs that dead processes left are removed, and nothing else', () => {
  const directory = temporaryDirectory()
  const mine = temporaryOutput(directory)
  writeFileSync(mine, '')
  const elsewhere = dead().replace(/-[0-9a-f]{8}-/, '-01234567-')
  const kept = ['.tsbuild-notes', '.tsbuild-1-2', 'image.tar', `.tsbuild-${elsewhere}`, '.tsbuild-1-0123456789ab']
  const left = [`.tsbuild-${dead()}`, `index.json.${dead()}`, '.tsbuild-4194304-0123456789ab']
  for (const name of [...kept, ...left]) writeFileSync(join(directory, name), '')
  utimesSync(join(directory, '.tsbuild-4194304-0123456789ab'), 0, 0)
  mkdirSync(join(directory, `.tsbuild-${dead()}`, 'blobs'), { recursive: true })
  if (process.getuid?.() === 0) {
    const foreign = `.tsbuild-${dead()}`
    writeFileSync(join(directory, foreign), '')
    chownSync(join(directory, foreign), 12345, 12345)
    kept.push(foreign)
  }
  sweepTemporaryOutputs(directory)
  expect(readdirSync(directory).sort()).toEqual([...kept, mine.slice(directory.length + 1)].sort())
})

test('a directory that is not there has nothing to sweep', () => {
  sweepTemporaryOutputs(join(temporaryDirectory(), 'none'))
})

test('the next archive and the next layout sweep beside themselves and inside', async () => {
  const directory = temporaryDirectory()
  const layout = join(directory, 'layout')
  const store = memoryStore()
  const image = putImage(store, [Buffer.alloc(1024)])
  const blobs = [...image.manifest.layers, image.manifest.config, image.descriptor]
  const archived: ArchivedImage = { image, descriptor: image.descriptor, names: [], blobs }
  const [first] = image.manifest.layers
  if (!first) throw new Error('an image without layers')
  await exportLayout(archived, layout, store)
  writeFileSync(join(directory, `.tsbuild-${dead()}`), '')
  writeFileSync(join(layout, `index.json.${dead()}`), '')
  writeFileSync(join(layout, `${digestPath(first.digest)}.${dead()}`), '')
  // A power cut took the contents of a blob and left its size.
  writeFileSync(join(layout, digestPath(first.digest)), Buffer.alloc(first.size, 1))
  await exportLayout(archived, layout, store)
  expect(readdirSync(directory)).toEqual(['layout'])
  expect(readdirSync(layout).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  expect(readdirSync(join(layout, 'blobs/sha256')).length).toBe(new Set(blobs.map(({ digest }) => digest)).size)
  writeFileSync(join(directory, `.tsbuild-${dead()}`), '')
  await writeStream(join(directory, 'image.tar'), [Buffer.from('x')])
  expect(readdirSync(directory)).toEqual(['image.tar', 'layout'])
})
