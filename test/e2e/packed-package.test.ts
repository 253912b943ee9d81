// The package as npm installs it, used by a plain user of a machine without a compiler, fakeroot or another sandbox.
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DoctorReport } from '../../lib/index.ts'
import { debianBase, hasDebianMirror } from '../support/debian-base.ts'
import { environmentsNeed } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { busyboxBase } from './busybox-base.ts'
import { type Built, buildInEnvironment, dockerfile } from './environments/build-in-environment.ts'

/** A user without subordinate ids and without a line in /etc/passwd. */
const USER = 12_345
const HIDDEN = [
  'gcc',
  'cc',
  'clang-14',
  'tcc',
  'fakeroot',
  'faked',
  'crun',
  'runc',
  'bwrap',
  'proot',
  'getfattr',
  'getcap',
]

/** Stages with chown, su, device nodes and set-id bits. */
const CASES = ['chown', 'modes', 'account', 'su', 'devices', 'links', 'copies']
const DEBIAN_CASES = ['debian-accounts', 'debian-su', 'debian-devices']

const busybox = staticBusybox()
const ready = [isRoot('becoming another user'), ...[...environmentsNeed, 'npm'].map(requires)].every(Boolean)
const hasDebian = ready && requires('mmdebstrap') && hasDebianMirror()

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-package-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const home = join(directory, 'home')
const project = join(home, 'project')

/** Runs a command as the user, who sees `false` in place of the hidden programs. */
function asUser(...command: readonly string[]): string {
  const script = `for name in ${HIDDEN.join(' ')}; do for path in /bin /usr/bin /usr/local/bin /sbin /usr/sbin; do
    [ ! -f "$path/$name" ] || mount --bind /bin/false "$path/$name"; done; done
    cd ${project} && exec setpriv --reuid ${USER} --regid ${USER} --clear-groups env HOME=${home} TMPDIR=${home} npm_config_cache=${home}/.npm "$@"`
  return run('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script, 'sh', ...command])
}

describe.skipIf(!ready || busybox === undefined)('the packed package, installed in an empty project', () => {
  const cases = hasDebian ? [...CASES, ...DEBIAN_CASES] : CASES
  let byRoot: Readonly<Record<string, Built>> = {}
  let byUser: Readonly<Record<string, Built>> = {}

  beforeAll(async () => {
    await busyboxBase(busybox ?? '', directory)
    if (hasDebian) await debianBase(directory)
    byRoot = buildInEnvironment({ environment: 'root', helper: true }, directory, cases)
    mkdirSync(join(home, 'context/files'), { recursive: true })
    mkdirSync(project)
    for (const name of hasDebian ? ['base', 'debian'] : ['base']) {
      cpSync(join(directory, name), join(home, name), { recursive: true })
    }
    for (const name of ['a', 'b']) writeFileSync(join(home, 'context/files', name), name, { mode: 0o644 })
    writeFileSync(join(home, 'context/Dockerfile'), dockerfile)
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true }\n')
    const checkout = resolve(import.meta.dirname, '../..')
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project, checkout])
    cpSync(join(import.meta.dirname, 'environments/build-cases.mjs'), join(project, 'build-cases.mjs'))
    const library = join(project, 'node_modules/@tsbuild/tsbuild/dist/index.js')
    writeFileSync(join(home, 'task.json'), JSON.stringify({ library, directory: home, cases, isolation: 'auto' }))
    chownSync(directory, USER, USER)
    run('chown', ['-R', `${USER}:${USER}`, home])
    asUser('sh', '-c', 'npm install --no-audit --no-fund --prefer-offline ./*.tgz')
    asUser('node', 'build-cases.mjs', join(home, 'task.json'))
    byUser = JSON.parse(readFileSync(join(home, 'results.json'), 'utf8'))
  }, 900_000)

  test('tells that the helper records owners', () => {
    const report = JSON.parse(asUser('npx', '--no-install', 'tsbuild', 'doctor', '--json')) as DoctorReport
    expect(report).toMatchObject({ isolation: 'userns', ownership: { kind: 'helper' }, place: { mapping: 'single' } })
  })

  test.each(cases)('builds the layers that root builds: %s', (name) => {
    expect(byUser[name]?.message).toBeUndefined()
    expect(byUser[name]).toMatchObject({ sandbox: { isolation: 'userns' }, warnings: [] })
    expect(byUser[name]?.diffIDs).toEqual(byRoot[name]?.diffIDs)
    expect(byRoot[name]?.diffIDs).toContainEqual(expect.stringMatching(/^sha256:[0-9a-f]{64}$/))
  })
})
