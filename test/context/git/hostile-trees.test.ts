// Repositories whose trees try to escape. They are made object by object, since git itself refuses to create
// them. Each test is named after its class.

import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TsbuildError } from '../../../lib/base/errors.ts'
import { parseGitUrl } from '../../../lib/base/git-url.ts'
import { SYSTEM_CLOCK } from '../../../lib/executor/clock.ts'
import { openRemoteGit } from '../../../lib/executor/remote/remote-git.ts'
import { treeEntries } from '../../../lib/layers/union/tree-entries.ts'
import { temporaryStore } from '../../layers/support/entries.ts'
import { type GitServer, makeRepository, startGitServer, type TestRepository } from '../../support/git-server.ts'
import { requires } from '../../support/requires.ts'

const OUTSIDE = '/tmp/tsbuild-hostile-git'
afterEach(() => {
  const escaped = existsSync(OUTSIDE)
  rmSync(OUTSIDE, { recursive: true, force: true })
  expect(escaped).toBe(false)
})

type Item = readonly [mode: string, name: string, object: string]

describe.skipIf(!requires('git'))('a tree', () => {
  let server: GitServer
  let app: TestRepository
  beforeEach(async () => {
    server = await startGitServer()
    app = makeRepository(join(server.root, 'app'))
    app.commit({ 'a.txt': 'a' })
  })

  const write = (type: string, bytes: Uint8Array): string =>
    execFileSync('git', ['hash-object', '-t', type, '--literally', '-w', '--stdin'], {
      cwd: app.directory,
      input: bytes,
      encoding: 'utf8',
    }).trim()
  const blob = (text: string): string => write('blob', Buffer.from(text))
  const tree = (...items: readonly Item[]): string =>
    write(
      'tree',
      Buffer.concat(
        items.map(([mode, name, object]) =>
          Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(object, 'hex')]),
        ),
      ),
    )
  const publish = (object: string): void => {
    app.git('update-ref', 'refs/heads/main', app.git('commit-tree', object, '-m', 'hostile'))
  }

  /** The paths of what is checked out, or the code of the error. */
  async function outcome(query = ''): Promise<readonly string[] | string> {
    const parsed = parseGitUrl(`${server.url}/app/.git${query}`)
    if (parsed?.kind !== 'git') throw new Error('no git URL')
    const store = temporaryStore()
    const access = { clock: SYSTEM_CLOCK, env: process.env, fetch: undefined, secrets: undefined }
    try {
      const entries = [...treeEntries(await openRemoteGit(parsed.url, { store, keepGitDir: false, access }))]
      for (const { path } of entries) expect(path.split('/')).not.toContain('..')
      return entries.map(({ path }) => path)
    } catch (error) {
      if (!(error instanceof TsbuildError)) throw error
      return error.code
    } finally {
      // No checkout stays behind, wherever it was written.
      expect(
        readdirSync(join(store.root, 'tmp')).filter((name) => lstatSync(join(store.root, 'tmp', name)).isDirectory()),
      ).toEqual([])
    }
  }

  test.each(['..', '.', '.git', '.GIT', '.Git', 'git~1', '.g\u200cit', '../x', `${OUTSIDE}/x`])(
    'path traversal: with a file called %j is refused, or keeps it inside',
    async (name) => {
      publish(tree(['100644', name, blob('evil')]))
      expect(await outcome()).toBe('GIT_FAILED')
    },
  )

  test.each(['..', '.git', '.GIT', 'git~1'])('path traversal: with a directory called %j is refused', async (name) => {
    publish(tree(['40000', name, tree(['100755', 'config', blob('[core]\n\tfsmonitor = touch /tmp/x\n')])]))
    expect(await outcome()).toBe('GIT_FAILED')
  })

  test('symlink .git: as a symlink is refused', async () => {
    publish(tree(['120000', '.git', blob(OUTSIDE)]))
    expect(await outcome()).toBe('GIT_FAILED')
  })

  test('symlinked parents: a directory and a symlink of one name write nothing elsewhere', async () => {
    publish(tree(['120000', 'way', blob(OUTSIDE)], ['40000', 'way', tree(['100644', 'x', blob('evil')])]))
    const found = await outcome()
    expect(['GIT_FAILED', ['way'], ['way', 'way/x']]).toContainEqual(found)
  })

  test('symlinks that lead out are links, and nothing is read through them', async () => {
    publish(tree(['120000', 'passwd', blob('/etc/passwd')], ['120000', 'up', blob('../../../../../etc')]))
    expect(await outcome()).toEqual(['passwd', 'up'])
    expect(await outcome('#main:up')).toBe('GIT_FAILED')
  })

  test.each([
    ['a path with ".."', 'p', '../outside'],
    ['an absolute path', 'p', OUTSIDE],
    ['a path into .git', 'p', '.git/x'],
    ['a path that starts with a dash', 'p', '-x'],
    ['a name with ".."', '../../../evil', 'p'],
  ])('submodules: one with %s is refused, and put nowhere', async (_, name, path) => {
    const part = makeRepository(join(server.root, 'part'))
    const commit = part.commit({ 'p.txt': 'part' })
    const modules = `[submodule "${name}"]\n\tpath = ${path}\n\turl = ../../part/.git\n`
    publish(tree(['100644', '.gitmodules', blob(modules)], ['160000', 'p', commit]))
    expect(await outcome()).toBe('GIT_FAILED')
    expect(await outcome('?submodules=false')).toEqual(['.gitmodules', 'p'])
  })

  test('submodules: one whose directory is a symlink is put nowhere else', async () => {
    const part = makeRepository(join(server.root, 'part'))
    const commit = part.commit({ 'p.txt': 'part' })
    const modules = '[submodule "p"]\n\tpath = way/p\n\turl = ../../part/.git\n'
    const below = tree(['160000', 'p', commit])
    publish(tree(['100644', '.gitmodules', blob(modules)], ['120000', 'way', blob(OUTSIDE)], ['40000', 'way', below]))
    mkdirSync(OUTSIDE)
    const found = await outcome()
    const put = readdirSync(OUTSIDE)
    rmSync(OUTSIDE, { recursive: true })
    expect(put).toEqual([])
    // Git may keep the directory of the two; the submodule is inside it then.
    expect(['GIT_FAILED', ['.gitmodules', 'way', 'way/p', 'way/p/p.txt']]).toContainEqual(found)
  })

  test('an update command in .gitmodules is never run', async () => {
    const part = makeRepository(join(server.root, 'part'))
    const commit = part.commit({ 'p.txt': 'part' })
    const modules = `[submodule "p"]\n\tpath = p\n\turl = ../../part/.git\n\tupdate = !touch ${OUTSIDE}\n`
    publish(tree(['100644', '.gitmodules', blob(modules)], ['160000', 'p', commit]))
    await outcome()
  })
})
