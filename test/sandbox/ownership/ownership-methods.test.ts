// Where owners come from when there is no helper.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chooseOwnershipMethod, type OwnershipOptions } from '../../../lib/sandbox/ownership/choose-ownership-method.ts'
import { formatFakerootTable, parseFakerootTable } from '../../../lib/sandbox/ownership/fakeroot-owner-table.ts'
import { canUseFakeroot, createFakerootOwnership } from '../../../lib/sandbox/ownership/fakeroot-ownership.ts'
import type { Backend, IdMapping, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { stepCommand } from '../native/native-step.ts'

const key = { dev: 0xfe01n, ino: 2n ** 60n + 1n }

describe('the save file of fakeroot', () => {
  test('is read', () => {
    const text = [
      'dev=fe01,ino=7,mode=100644,uid=33,gid=42,nlink=1,rdev=0',
      'dev=fe01,ino=8,mode=20666,uid=0,gid=0,nlink=1,rdev=259',
      'dev=34,ino=1152921504606846977,mode=60660,uid=4294967294,gid=6,nlink=1,rdev=3181032',
    ]
    expect(parseFakerootTable(`${text.join('\n')}\n`)).toEqual([
      [
        { dev: 0xfe01n, ino: 7n },
        { uid: 33, gid: 42, device: undefined },
      ],
      [
        { dev: 0xfe01n, ino: 8n },
        { uid: 0, gid: 0, device: { type: 'character', major: 1, minor: 3 } },
      ],
      [
        { dev: 0x34n, ino: 1152921504606846977n },
        { uid: 4294967294, gid: 6, device: { type: 'block', major: 137, minor: 1000 } },
      ],
    ])
    expect(parseFakerootTable('')).toEqual([])
    for (const broken of [
      'x\n',
      `${text[0]}`,
      'dev=1,ino=2,mode=9,uid=0,gid=0,nlink=1,rdev=0\n',
      `${text[0]}\ndev=1\n`,
    ]) {
      expect(parseFakerootTable(broken)).toBeUndefined()
    }
  })

  test('is written as it is read', () => {
    const owners = [
      [key, { uid: 1, gid: 2, device: undefined }],
      [
        { dev: 1n, ino: 2n },
        { uid: 3, gid: 4, device: { type: 'block', major: 259, minor: 70_000 } },
      ],
    ] as const
    const known = owners.map(([inode, owner]) => [inode, { ...owner, mode: 0o100640, links: 1 }] as const)
    const text = formatFakerootTable(known)
    expect(text.split('\n')[0]).toBe('dev=fe01,ino=1152921504606846977,mode=100640,uid=1,gid=2,nlink=1,rdev=0')
    expect(text.split('\n')[1]).toContain(',mode=60640,')
    expect(parseFakerootTable(text)).toEqual(owners)
  })
})

test('fakeroot is for roots with glibc and a shell, looked for inside', () => {
  const root = temporaryDirectory()
  const loaders = { x64: 'ld-linux-x86-64.so.2', arm64: 'ld-linux-aarch64.so.1' }
  expect(canUseFakeroot(root, 'x64')).toBe(false)
  mkdirSync(join(root, 'usr/lib64'), { recursive: true })
  mkdirSync(join(root, 'usr/bin'))
  symlinkSync('/usr/lib64', join(root, 'lib64'))
  symlinkSync('usr/bin', join(root, 'bin'))
  writeFileSync(join(root, 'usr/lib64', loaders.x64), '')
  expect(canUseFakeroot(root, 'x64')).toBe(false)
  symlinkSync('/proc/self/exe', join(root, 'usr/bin/sh'))
  expect(canUseFakeroot(root, 'x64')).toBe(false)
  writeFileSync(join(root, 'usr/bin/dash'), '')
  symlinkSync('dash', join(root, 'usr/bin/sh2'))
  mkdirSync(join(root, 'proc/self'), { recursive: true })
  symlinkSync('/usr/bin/sh2', join(root, 'proc/self/exe'))
  expect(canUseFakeroot(root, 'x64')).toBe(true)
  expect(canUseFakeroot(root, 'arm64')).toBe(false)
  expect(canUseFakeroot(root, 'mips')).toBe(false)
})

test('fakeroot is brought along below /dev, and has to say something afterwards', async () => {
  const scratch = mkdtempSync(join(temporaryDirectory(), 'scratch-'))
  const parts = { faked: process.execPath, library: import.meta.filename }
  const source = createFakerootOwnership(parts)
  const command = stepCommand('/root', scratch, ['chown', '1', 'x'])
  const wrapped = await source.wrap(command, [[key, { uid: 1, gid: 2, mode: 0o100600, links: 1 }]])
  expect(wrapped.args).toEqual(['/bin/sh', '/dev/.tsbuild/run', 'chown', '1', 'x'])
  expect(wrapped.env).toContain('FAKEROOTDONTTRYCHOWN=1')
  const directory = join(scratch, 'fakeroot')
  expect(wrapped.mounts).toEqual([{ kind: 'bind', source: directory, target: '/dev/.tsbuild', readonly: false }])
  expect(readFileSync(join(directory, 'before'), 'utf8')).toContain('mode=100600,uid=1,gid=2')
  await expect(source.read(wrapped)).rejects.toMatchObject({ code: 'SANDBOX_LACKS' })
  writeFileSync(join(directory, 'after'), 'dev=1,ino=2,mode=100644,uid=3,gid=4,nlink=1,rdev=0\n')
  expect((await source.read(wrapped)).find({ dev: 1n, ino: 2n })).toMatchObject({ uid: 3, gid: 4 })
})

test.each([['chown', 'sleep'], ['chown']])(
  'what fakeroot saves is waited for in an image that has %s %s',
  async (...programs) => {
    const directory = temporaryDirectory()
    const [faked, path] = [join(directory, 'faked'), join(directory, 'bin')]
    const saved = 'dev=1,ino=2,mode=100644,uid=3,gid=4,nlink=1,rdev=0'
    const saving = `trap '/bin/sleep 0.5; echo ${saved} >"$2"; exit' TERM; while :; do /bin/sleep 0.02; done`
    writeFileSync(faked, `#!/bin/sh\n(${saving}) >/dev/null 2>&1 &\necho "7:$!"\n`, { mode: 0o755 })
    mkdirSync(path)
    for (const name of programs) symlinkSync(`/bin/${name}`, join(path, name))
    const source = createFakerootOwnership({ faked, library: import.meta.filename })
    const wrapped = await source.wrap(stepCommand('/root', directory, ['/bin/true']), [])
    const script = readFileSync(join(directory, 'fakeroot/run'), 'utf8')
    const here = script.replaceAll('/dev/.tsbuild', join(directory, 'fakeroot'))
    const { status, stderr } = spawnSync('/bin/sh', ['-c', here, 'run', '/bin/true'], {
      env: { PATH: path },
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stderr).not.toContain('sleep')
    expect((await source.read(wrapped)).find({ dev: 1n, ino: 2n })).toMatchObject({ uid: 3, gid: 4 })
  },
)

describe('the best source is chosen', () => {
  const namespaces = (mapping: IdMapping): WorkerNamespaces => ({
    mapping,
    mounts: true,
    processes: true,
    launcher: [],
  })
  const backend = (mounts: boolean): Backend => ({
    isolation: 'oci',
    program: 'x',
    features: { networkNone: true, controlLimits: false, insecure: true, processes: true, mounts },
    prepare: () => Promise.reject(new Error('not asked for')),
  })
  const fakeroot = { faked: '/x', library: '/y' }
  const means: OwnershipOptions = {
    namespaces: namespaces('single'),
    backend: backend(true),
    helper: false,
    realCapabilities: true,
    fakeroot: undefined,
  }
  const kindOf = (root: string, changed: Partial<OwnershipOptions>): string =>
    chooseOwnershipMethod(root, { ...means, ...changed }).kind

  test('by what there is', () => {
    const root = temporaryDirectory()
    expect(kindOf(root, { namespaces: namespaces('root'), helper: true })).toBe('native')
    expect(kindOf(root, { namespaces: namespaces('multiple'), fakeroot })).toBe('native')
    expect(kindOf(root, { helper: true, fakeroot })).toBe('helper')
    expect(kindOf(root, { fakeroot })).toBe('assumed')
    const loader = process.arch === 'arm64' ? 'lib/ld-linux-aarch64.so.1' : 'lib64/ld-linux-x86-64.so.2'
    for (const name of [loader, 'bin/sh']) {
      mkdirSync(join(root, name, '..'), { recursive: true })
      writeFileSync(join(root, name), '')
    }
    expect(kindOf(root, { fakeroot })).toBe('fakeroot')
    expect(kindOf(root, { fakeroot, backend: backend(false) })).toBe('assumed')
    expect(kindOf(root, {})).toBe('assumed')
  })

  test('and what is not known says so', async () => {
    const command = stepCommand('/root', '/scratch', ['true'])
    const disk = chooseOwnershipMethod('/root', { ...means, namespaces: namespaces('root') })
    const assumed = chooseOwnershipMethod('/root', means)
    expect([disk.unknown, assumed.unknown]).toEqual(['disk', 'before'])
    expect([disk.warning, typeof assumed.warning]).toEqual([undefined, 'string'])
    for (const source of [disk, assumed]) {
      expect(await source.wrap(command, [])).toBe(command)
      expect((await source.read(command)).find(key)).toBeUndefined()
    }
  })
})
