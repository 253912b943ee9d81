import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const lib = join(import.meta.dirname, '../../lib/cache/store.ts')

/** Runs a program over an opened `store`, and resolves when it has printed its first line. */
async function start(root: string, program: string) {
  const source = `import { openStore } from ${JSON.stringify(lib)}
    const store = openStore(${JSON.stringify(root)})
    ${program}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  return { child, exited }
}

test('a process that is killed while it writes leaves a store that works, and the next one cleans up', async () => {
  const root = join(temporaryDirectory(), 'store')
  const { child, exited } = await start(
    root,
    `const writer = store.createWriter()
    writer.write(Buffer.alloc(100000))
    store.temporary()
    store.put(Buffer.from('whole'), 'x')
    console.log('ready')
    setInterval(() => writer.write(Buffer.alloc(1000)), 1)`,
  )
  const store = openStore(root)
  // While it lives, nothing of it is touched.
  expect(readdirSync(join(root, 'tmp')).length).toBe(2)
  child.kill('SIGKILL')
  await exited
  expect(store.has(sha256('whole'))).toBe(true)
  openStore(root)
  expect(readdirSync(join(root, 'tmp'))).toEqual([])
  expect(readdirSync(join(root, 'blobs/sha256'))).toEqual([sha256('whole').slice(7)])
})

test('a process that exits without closing its store leaves nothing behind', async () => {
  const root = join(temporaryDirectory(), 'store')
  const { exited } = await start(
    root,
    `store.createWriter().write(Buffer.alloc(10))
    store.temporary()
    console.log('ready')
    process.exit(0)`,
  )
  await exited
  expect(readdirSync(join(root, 'tmp'))).toEqual([])
})
