import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { openStore } from '../../lib/cache/store.ts'
import { putImage } from '../support/memory-store.ts'
import { isRoot } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const NAME = 'docker.io/library/app:latest'
const USER = 12345

let root: string
beforeEach(() => {
  root = join(temporaryDirectory(), 'store')
})

function fill(directory: string): void {
  const store = openStore(directory)
  const { descriptor } = putImage(store, [Buffer.alloc(1024)])
  store.references.set(NAME, descriptor)
  store.writeDerived('note', descriptor.digest, Buffer.from('x'))
  store.temporary()
}

/** The paths of a tree, with what `show` says of each. */
function inTree<T>(directory: string, show: (path: string) => T): Map<string, T> {
  const paths = ['.', ...(readdirSync(directory, { recursive: true }) as string[])]
  return new Map(paths.map((path) => [path, show(join(directory, path))]))
}

const looseIn = (directory: string): readonly string[] =>
  [...inTree(directory, (path) => lstatSync(path).mode & 0o077)].flatMap(([path, mode]) => (mode === 0 ? [] : [path]))

test.each([0o000, 0o002, 0o022])('the umask %o gives nobody else a permission', (umask) => {
  const before = process.umask(umask)
  try {
    fill(root)
  } finally {
    process.umask(before)
  }
  expect(looseIn(root)).toEqual([])
})

test('a store with loose modes is tightened, apart from the files of images', () => {
  fill(root)
  mkdirSync(join(root, 'sandbox/layers'), { recursive: true })
  writeFileSync(join(root, 'sandbox/layers/file'), '')
  inTree(root, (path) => chmodSync(path, statSync(path).isDirectory() ? 0o777 : 0o666))
  openStore(root)
  expect(looseIn(root).toSorted()).toEqual(['sandbox/layers', 'sandbox/layers/file'])
})

test('a directory that is no store keeps its modes', () => {
  mkdirSync(root)
  writeFileSync(join(root, 'thesis'), '')
  inTree(root, (path) => chmodSync(path, 0o755))
  expect(() => openStore(root)).toThrow(/not a store/)
  expect(looseIn(root)).toEqual(['.', 'thesis'])
})

/** Opens a store as another user. The program is in one line, since its modules belong to root. */
function openAs(uid: number, directory: string): string {
  const lib = join(import.meta.dirname, '../../lib/cache/store.ts')
  const program = `import { openStore } from ${JSON.stringify(lib)}
    process.setgid(${uid}); process.setuid(${uid})
    try { openStore(${JSON.stringify(directory)}); console.log('opened') }
    catch (error) { console.log(error.code, error.message, error.hint) }`
  const args = ['--import', 'tsx', '--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return stdout.trim() || stderr
}

test.skipIf(!isRoot('changing owners'))('a store of another user is refused, and the message says what to do', () => {
  chmodSync(join(root, '..'), 0o755)
  fill(root)
  for (const owner of [0, 54321]) {
    chownSync(root, owner, owner)
    chmodSync(root, 0o777)
    expect(openAs(USER, root)).toMatch(
      new RegExp(`^STORE_OWNER the store ".*" belongs to another user: to user id ${owner}, .* set TSBUILD_HOME to`),
    )
  }
  chownSync(root, USER, USER)
})

test.skipIf(!isRoot('changing owners'))('a volume that belongs to root can be the store of a user', () => {
  chmodSync(join(root, '..'), 0o755)
  mkdirSync(root)
  chmodSync(root, 0o777)
  expect(openAs(USER, root)).toBe('opened')
  expect(openAs(USER, root)).toBe('opened')
  expect(openAs(54321, root)).toMatch(/^STORE_OWNER /)
})

test.skipIf(!isRoot('changing owners'))('what root makes in the store of a user belongs to that user', () => {
  mkdirSync(root)
  chownSync(root, USER, USER)
  fill(root)
  const owners = new Set(inTree(root, (path) => lstatSync(path).uid).values())
  expect([...owners]).toEqual([USER])
  chmodSync(join(root, '..'), 0o755)
  expect(openAs(USER, root)).toBe('opened')
})
