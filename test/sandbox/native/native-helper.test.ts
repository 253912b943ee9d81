// The helper seen from TypeScript: found, asked what it can do, asked for capabilities; and what passes between
// the two.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFileCapabilities, writeFileCapabilities } from '../../../lib/sandbox/native/file-capabilities.ts'
import { findHelper } from '../../../lib/sandbox/native/find-helper.ts'
import { createNativeBackend } from '../../../lib/sandbox/native/native-backend.ts'
import { nativeSpec } from '../../../lib/sandbox/native/native-spec.ts'
import { probeHelper } from '../../../lib/sandbox/native/probe-helper.ts'
import { formatHelperTable, parseHelperTable } from '../../../lib/sandbox/ownership/helper-owner-table.ts'
import { createHelperOwnership } from '../../../lib/sandbox/ownership/helper-ownership.ts'
import { isRoot } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { giveToPlainUser, namespaces, nativeParts, stepCommand, stepRoom } from './native-step.ts'

const parts = nativeParts()

test.skipIf(!parts)('it is found where the environment says, if it starts and speaks this version', () => {
  if (!parts) return
  const directory = temporaryDirectory()
  const other = join(directory, 'other')
  writeFileSync(other, '#!/bin/sh\necho tsbuild-sandbox 2 x86_64\n', { mode: 0o755 })
  expect(findHelper({ TSBUILD_SANDBOX_HELPER: parts.helper })).toBe(parts.helper)
  expect(findHelper({ TSBUILD_SANDBOX_HELPER: other })).toBeUndefined()
  expect(findHelper({ TSBUILD_SANDBOX_HELPER: join(directory, 'nothing') })).toBeUndefined()
  expect(findHelper({ TSBUILD_SANDBOX_HELPER: '' })).toBeUndefined()
  // nativeParts() has built the checkout's own.
  expect(findHelper({})).toMatch(/\/tsbuild-sandbox(-linux-(x64|arm64))?$/)
})

test.skipIf(!parts)('it says what works, and why something does not', async () => {
  if (!parts) return
  const [launcher = '', ...argv] = namespaces.launcher
  const inside = spawnSync(launcher, [...argv, stepRoom(parts).helper, 'probe'], { encoding: 'utf8', cwd: '/' })
  expect(inside.stdout).toBe('namespaces\tok\nproc\tok\nnetwork\tok\nownership\tok\n')
  const none = await probeHelper('/nowhere/tsbuild-sandbox')
  expect(none).toMatchObject({ namespaces: false, proc: false, network: false, ownership: false })
  expect(none.probes[0]).toEqual({
    name: 'native helper: namespaces',
    ok: false,
    detail: '/nowhere/tsbuild-sandbox: no such program in PATH (ENOENT)',
  })
  const here = await probeHelper(parts.helper)
  expect(here.probes).toHaveLength(4)
  for (const probe of here.probes)
    expect(probe.ok ? 'works' : 'not permitted').toBe(probe.ok ? probe.detail : 'not permitted')
})

test.skipIf(!parts || !isRoot('setting file capabilities'))('capabilities of files are set, read and removed', () => {
  if (!parts) return
  const root = temporaryDirectory()
  const value = Uint8Array.from([1, 0, 0, 2, 0, 0x20, ...Array(14).fill(0)])
  const odd = Buffer.from([0x66, 0xff, 0x0a, 0x67])
  mkdirSync(join(root, 'd'))
  for (const name of ['plain', 'd/in', 'new\nline']) writeFileSync(join(root, name), '')
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), odd]), '')
  symlinkSync('plain', join(root, 'link'))
  symlinkSync('d', join(root, 'linked'))
  const names = ['plain', 'd/in', 'new\nline', odd]
  const refused = ['link', 'linked/in', '../etc/passwd', '/etc/passwd', 'nothing', '']
  const files = [...names, ...refused].map((path) => ({ path, value }))
  const failed = writeFileCapabilities(parts.helper, root, files)
  expect(failed.map(({ path }) => path)).toEqual(refused)
  expect(failed.every(({ reason }) => reason.length > 5)).toBe(true)
  const read = readFileCapabilities<string | Buffer>(parts.helper, root, [...names, ...refused, 'd'])
  expect([...read.values.keys()]).toEqual(names)
  expect([...read.values.values()]).toEqual([value, value, value, value])
  expect(read.failed.map(({ path }) => path)).toEqual(refused.filter((path) => path !== 'link'))
  expect(writeFileCapabilities(parts.helper, root, [{ path: 'plain', value: new Uint8Array() }])).toEqual([])
  expect(readFileCapabilities(parts.helper, root, ['plain', 'd/in']).values.size).toBe(1)
  expect(readFileCapabilities(parts.helper, root, []).values.size).toBe(0)
  const missing = (): unknown => readFileCapabilities(parts.helper, join(root, 'nothing'), ['x'])
  expect(missing).toThrow(expect.objectContaining({ code: 'SANDBOX_FAILED' }))
})

const id = fc.nat(0xffff_ffff)
const u64 = fc.bigInt(0n, 2n ** 64n - 1n)
const device = fc.record({ type: fc.constantFrom('character' as const, 'block' as const), major: id, minor: id })
const owner = fc.record({
  uid: id,
  gid: id,
  device: fc.option(device, { nil: undefined }),
  capability: fc.option(fc.uint8Array({ minLength: 1, maxLength: 24 }), { nil: undefined }),
})

test('a table says what was put into it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.record({ dev: u64, ino: u64 }), owner)), (entries) => {
      expect(parseHelperTable(formatHelperTable(entries))).toEqual(entries)
    }),
  )
})

test('what is no whole table is none', () => {
  const table = formatHelperTable([
    [
      { dev: 1n, ino: 2n },
      { uid: 3, gid: 4 },
    ],
  ])
  expect(parseHelperTable(table.subarray(0, -1))).toBeUndefined()
  expect(parseHelperTable(Buffer.concat([table, Buffer.alloc(1)]))).toBeUndefined()
  expect(parseHelperTable(Buffer.alloc(80))).toBeUndefined()
  expect(parseHelperTable(Buffer.alloc(0))).toBeUndefined()
  fc.assert(fc.property(fc.uint8Array(), (bytes) => parseHelperTable(Buffer.from(bytes)) === undefined))
  const long = new Uint8Array(25)
  expect(() =>
    formatHelperTable([
      [
        { dev: 1n, ino: 2n },
        { uid: 3, gid: 4, capability: long },
      ],
    ]),
  ).toThrow(RangeError)
})

test('a NUL can not end a string of the spec early', () => {
  const settings = { namespaces, capabilities: 0n, arch: 'x64', filter: undefined }
  const command = stepCommand('/root', '/scratch', ['sh', '-c', 'x\0arg\0y'])
  expect(() => nativeSpec(command, undefined, settings)).toThrow(RangeError)
})

test('without mounts of its own there is no back-end', () => {
  const none = { ...namespaces, mounts: false }
  expect(() => createNativeBackend(none, '/x')).toThrow(expect.objectContaining({ code: 'SANDBOX_LACKS' }))
})

test('the source of owners writes what is known, and reads what came of it', async () => {
  const scratch = mkdtempSync(join(temporaryDirectory(), 'scratch-'))
  const source = createHelperOwnership({ realCapabilities: false, virtualRoot: false })
  const key = { dev: 5n, ino: 6n }
  const wrapped = await source.wrap(stepCommand('/root', scratch, ['true']), [
    [key, { uid: 7, gid: 8, mode: 0o100644, links: 2 }],
  ])
  expect(wrapped).toMatchObject({
    owners: {
      input: join(scratch, 'owners-before'),
      output: join(scratch, 'owners-after'),
      virtualCapabilities: true,
      hardLinks: true,
    },
  })
  const backend = createNativeBackend(namespaces, '/helper')
  const prepared = await backend.prepare(wrapped)
  expect(prepared).toMatchObject({ file: '/helper', args: ['run'], files: [join(scratch, 'spec')] })
  await expect(source.read(wrapped)).rejects.toMatchObject({ code: 'SANDBOX_LACKS' })
  writeFileSync(join(scratch, 'owners-after'), formatHelperTable([[key, { uid: 9, gid: 8 }]]))
  const after = await source.read(wrapped)
  expect(after.find(key)).toMatchObject({ uid: 9, gid: 8 })
  expect(after.find({ dev: 5n, ino: 7n })).toBeUndefined()
})

/** In the namespaces, before the step: stacks an overlay and writes a table of the owners of two of its files. */
const STACK = `
const { execFileSync } = require('node:child_process')
const { lstatSync, writeFileSync, chmodSync } = require('node:fs')
const [root, home, helper] = process.argv.slice(1)
const options = 'lowerdir=' + root + ',upperdir=' + home + '/upper,workdir=' + home + '/work,userxattr'
execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, home + '/merged'])
const table = Buffer.alloc(16 + 2 * 64)
table.write('TSBOWN01')
table.writeBigUInt64LE(2n, 8)
for (const [i, name] of ['etc/passwd', 'home/app'].entries()) {
  const { dev, ino } = lstatSync(home + '/merged/' + name, { bigint: true })
  table.writeBigUInt64LE(dev, 16 + 64 * i)
  table.writeBigUInt64LE(ino, 24 + 64 * i)
  table.writeUInt32LE(40 + i, 32 + 64 * i)
}
writeFileSync(home + '/scratch/before', table)
const { status, stdout, stderr } = require('node:child_process').spawnSync(helper, ['run'], { stdio: ['ignore', 'inherit', 'inherit', 3] })
const seen = lstatSync(home + '/merged/etc/group', { bigint: true })
console.log('seen from outside: ' + seen.ino)
process.exitCode = status
`

test.skipIf(!parts)('owners stay with files that an overlay copies up', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const home = join(room.root, '..')
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(home, name))
  giveToPlainUser(home)
  const [launcher = '', ...argv] = namespaces.launcher
  const script = [
    'stat -c "%u %n" /etc/passwd /home/app /etc/group',
    'echo x >>/etc/passwd; chmod 600 /etc/passwd; chown 50 /etc/group; touch /home/app/new; chmod 700 /home/app; mv /etc/group /etc/moved; mv /etc/moved /etc/group',
    'stat -c "%u %n" /etc/passwd /home/app /etc/group; rm -rf /home; mkdir /home; stat -c "%u %n" /home; chown 51 /home; stat -c "%u %i" /etc/group',
  ].join('; ')
  const { stdout, stderr, code, owners } = room.run(script, {
    namespaces: { ...namespaces, launcher: [launcher, ...argv, process.execPath, '-e', STACK, room.root, home] },
    known: Buffer.alloc(16),
    command: { root: join(home, 'merged') },
  })
  const lines = stdout.trim().split('\n')
  const number = /^50 (\d+)$/.exec(lines[7] ?? '')?.[1]
  expect({ lines, stderr, code }).toEqual({
    lines: [
      ...['40 /etc/passwd', '41 /home/app', '0 /etc/group'],
      ...['40 /etc/passwd', '41 /home/app', '50 /etc/group', '0 /home'],
      ...[`50 ${number}`, `seen from outside: ${number}`],
    ],
    stderr: '',
    code: 0,
  })
  expect(owners.map(([, { uid }]) => uid).toSorted()).toEqual([40, 50, 51])
})
