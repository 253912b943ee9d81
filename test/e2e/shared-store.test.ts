// One build by root in the store of a user, as by a sudo that keeps HOME.
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BUSYBOX, buildDigest, startBuild, startCommand, writeProject } from '../../scripts/soak/project.ts'
import { isRoot } from '../support/programs.ts'
import { requires } from '../support/requires.ts'

const USER = 12345
const isPossible = isRoot('building as two users') && requires('setpriv') && existsSync(BUSYBOX)

const asUser = (directory: string): readonly string[] => {
  return ['setpriv', '--reuid', `${USER}`, '--regid', `${USER}`, '--clear-groups', 'env', `HOME=${directory}`]
}

test.skipIf(!isPossible).each([
  ['the store is another user’s', 'store', 'STORE_OWNER'],
  ['the store is in another user’s closed directory', 'store/inner', 'STORE_IO'],
])('a build ends with a code, and says what to do, where %s', async (_, path, code) => {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-shared-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const project = join(directory, 'project')
  writeProject(project)
  mkdirSync(join(directory, path), { recursive: true })
  chmodSync(join(directory, 'store'), 0o700)
  for (const name of ['store', path]) chownSync(join(directory, name), USER + 1, USER + 1)
  const { ended } = startBuild(project, { store: join(directory, path), within: asUser(directory) })
  const { code: exit, stderr } = await ended
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: expect.stringContaining(`[${code}]\n`) })
  expect(stderr).toMatch(/hint: .*TSBUILD_HOME/)
})

test.skipIf(!isPossible)('a build by root in a user’s store leaves the store to the user', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-shared-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  chmodSync(directory, 0o755)
  const project = join(directory, 'project')
  writeProject(project)
  const store = join(directory, 'store')
  mkdirSync(store)
  chownSync(store, USER, USER)
  const expected = await buildDigest(project, { store, args: ['-t', 'by-root'] })
  const within = asUser(directory)
  expect(await buildDigest(project, { store, within, args: ['-t', 'by-user', '--no-cache'] })).toBe(expected)
  expect(await buildDigest(project, { store, args: ['--no-cache'] })).toBe(expected)
  // Each may prune, and the other one builds on.
  for (const by of [{ within }, {}]) {
    const { code, stderr } = await startCommand(['prune', '--force', '--all'], { store, ...by }).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const next of [{}, { within }]) expect(await buildDigest(project, { store, ...next })).toBe(expected)
  }
  // The files of root's steps have the owners of the image, in a directory of root's own.
  const paths = readdirSync(store, { recursive: true }) as string[]
  const foreign = paths.filter((path) => lstatSync(join(store, path)).uid !== USER)
  expect(foreign.filter((path) => !path.startsWith('sandbox/root-0'))).toEqual([])
})
