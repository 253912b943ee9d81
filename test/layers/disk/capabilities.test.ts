// File capabilities on disk, by each of the programs that may be there.
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findProgram } from '../../../lib/base/find-program.ts'
import { capabilityText, parseCapabilityText } from '../../../lib/layers/disk/capability-text.ts'
import { CAPABILITY_READERS, readCapabilities } from '../../../lib/layers/disk/read-capabilities.ts'
import { CAPABILITY_WRITERS, restoreCapabilities } from '../../../lib/layers/disk/restore-capabilities.ts'
import { createUnionView } from '../../../lib/layers/union/union-view.ts'
import { unpackRoot } from '../../../lib/layers/unpack/unpack-root.ts'
import { isRoot } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'
import { file, hardlink, temporaryDirectory } from '../support/entries.ts'
import { storedLayers } from '../support/layers.ts'

const NET_RAW = bytes('01000002 00200000 00000000 00000000 00000000')
const SETS = bytes('00000002 00040000 00240000 80000000 00010000')
/** A capability with the id of a user namespace's root, which has no text form. */
const REVISION_3 = bytes('01000003 00200000 00000000 00000000 00000000 e8030000')

const root = isRoot('setting capabilities')

describe('the text of capabilities', () => {
  test.each([
    ['cap_net_raw+ep', NET_RAW],
    ['cap_net_bind_service+pi cap_net_raw+i cap_perfmon+i', bytes('00000002 00040000 00240000 00000000 40000000')],
    ['cap_chown+ep cap_checkpoint_restore+ep', bytes('01000002 01000000 00000000 00010000 00000000')],
  ])('%s is made and understood', (text, value) => {
    expect(capabilityText(value)).toBe(text)
    expect(parseCapabilityText(text)).toEqual(new Uint8Array(value))
  })

  test.each([
    ['cap_net_raw=ep', NET_RAW],
    ['13=pe', NET_RAW],
    ['cap_net_raw,cap_chown=ep cap_chown-ep', NET_RAW],
    ['cap_net_raw=ei+p-i', NET_RAW],
    ['=ep', bytes('01000002 ffffffff 00000000 ff010000 00000000')],
    ['all=p', bytes('00000002 ffffffff 00000000 ff010000 00000000')],
  ])('%s is understood', (text, value) => {
    expect(parseCapabilityText(text)).toEqual(new Uint8Array(value))
  })

  test.each(['', 'cap_none=ep', 'cap_net_raw', 'cap_net_raw=x', 'cap_net_raw=ep [rootid=1]', '64=ep'])(
    '%j is not understood',
    (text) => expect(parseCapabilityText(text)).toBeUndefined(),
  )

  test.each([
    ['another revision', REVISION_3],
    ['nothing', bytes('')],
    ['too much', bytes('01000002 00200000 00000000 00000000 00000000 00000000')],
    ['no capability at all', bytes('00000002 00000000 00000000 00000000 00000000')],
    ['one that has no name', bytes('00000002 00000000 00000000 00000080 00000000')],
  ])('there is none for %s', (_title, value) => expect(capabilityText(value)).toBeUndefined())
})

const NAMES = ['plain', 'with space', ' cap_chown=ep', 'x cap_net_raw=ep', 'back\\slash\\040', 'ünïcode', 'quo\'te"s']
const ODD_NAMES = ['new\nline', '# file: plain', 'bytes-\udcff', 'tab\t']

describe.each(CAPABILITY_WRITERS)('set by $program', (writer) => {
  test.runIf(root && requires(writer.program))('files have what was asked for', () => {
    const directory = temporaryDirectory()
    const values = [NET_RAW, SETS, REVISION_3]
    const files = [...NAMES, ...ODD_NAMES].map((name, i) => ({
      path: asPath(`${directory}/${name}`),
      value: values[i % values.length] ?? NET_RAW,
    }))
    for (const { path } of files) fs.writeFileSync(path, '')
    expect(restoreCapabilities(files, [writer])).toEqual(files.filter((one) => !writer.accepts(one)))
  })

  test.runIf(root && requires(writer.program))('what can not be set is given back', () => {
    const directory = temporaryDirectory()
    const files = ['a', 'wrong', 'b'].map((name) => ({
      path: join(directory, name),
      value: name === 'wrong' ? bytes('ffff') : NET_RAW,
    }))
    for (const { path } of files) fs.writeFileSync(path, '')
    expect(restoreCapabilities(files, [writer])).toEqual([files[1]])
  })
})

describe.each(CAPABILITY_READERS)('read by $program', (reader) => {
  test.runIf(root && requires(reader.program))('files have what was set, whatever their names are', () => {
    const directory = temporaryDirectory()
    const paths = [...NAMES, ...ODD_NAMES].map((name) => `${directory}/${name}`)
    for (const path of [...paths, `${directory}/bare`]) fs.writeFileSync(asPath(path), '')
    fs.symlinkSync('plain', join(directory, 'link'))
    expect(
      restoreCapabilities(paths.map((path, i) => ({ path: asPath(path), value: i % 2 ? NET_RAW : SETS }))),
    ).toEqual([])

    const { values, unread } = readCapabilities([`${directory}/bare`, ...paths], [reader])
    expect(unread).toEqual(paths.filter((path) => !reader.accepts(path)))
    const expected = paths.map((path, i) => [path, (i % 2 ? NET_RAW : SETS).toString('hex')] as const)
    expect([...values].map(([path, value]) => [path, Buffer.from(value).toString('hex')]).sort()).toEqual(
      expected.filter(([path]) => reader.accepts(path)).sort(),
    )
  })
})

test('without a program nothing is read and nothing set', () => {
  expect(readCapabilities(['/bin/sh'], [])).toEqual({ values: new Map(), unread: ['/bin/sh'] })
  const missing = CAPABILITY_READERS.map((reader) => ({ ...reader, program: 'tsbuild-has-no-such-program' }))
  expect(readCapabilities(['/bin/sh'], missing).unread).toEqual(['/bin/sh'])
  const files = [{ path: '/bin/sh', value: NET_RAW }]
  expect(restoreCapabilities(files, [])).toEqual(files)
})

test('a program that fails leaves files to the next one', () => {
  const failing = {
    program: 'false',
    accepts: () => true,
    read: () => {
      throw new Error('failed')
    },
  }
  const working = { program: 'true', accepts: () => true, read: () => new Map([['/x', NET_RAW]]) }
  expect(readCapabilities(['/x'], [failing, working])).toEqual({ values: new Map([['/x', NET_RAW]]), unread: [] })
  expect(readCapabilities(['/x'], [failing]).unread).toEqual(['/x'])
})

test.runIf(root && requires('setcap'))('a root filesystem has the capabilities of its layers', async () => {
  const xattrs = { 'security.capability': NET_RAW }
  const tree = createUnionView(
    await storedLayers([
      file('ping', 'x', { mode: 0o755, uid: 5, xattrs }),
      hardlink('ping2', 'ping'),
      file('other', 'x', { xattrs: { 'user.a': Buffer.of(1), ...xattrs } }),
      file('trusted', 'x', { xattrs: { 'trusted.overlay.opaque': Buffer.from('y') } }),
    ]),
  )
  const directory = temporaryDirectory()
  const { losses } = await unpackRoot(tree, directory, { owners: true })
  expect(losses).toEqual([
    { path: 'other', kind: 'xattrs' },
    { path: 'trusted', kind: 'xattrs' },
  ])
  const { values } = readCapabilities(['ping', 'ping2', 'other', 'trusted'].map((name) => join(directory, name)))
  expect([...values.keys()].map((path) => path.slice(directory.length + 1)).sort()).toEqual(['other', 'ping', 'ping2'])
  expect(fs.statSync(join(directory, 'ping'))).toMatchObject({ uid: 5, mode: 0o100755 })
})

test('programs are found where plain users have no path to', () => {
  expect(findProgram('sh')).toMatch(/\/sh$/)
  expect(findProgram('tsbuild-has-no-such-program')).toBeUndefined()
})

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

function asPath(path: string): string | Buffer {
  return path.includes('\udcff') ? Buffer.from(path.replace('\udcff', '\u00ff'), 'latin1') : path
}
