// The changes of commands, captured in both ways: from an overlayfs, and from two snapshots of a plain directory.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../../lib/cache/store.ts'
import { type CaptureOverlayOptions, captureOverlay } from '../../../lib/layers/diff/capture-overlay.ts'
import type { CaptureOptions } from '../../../lib/layers/diff/changed-entries.ts'
import { setTimes } from '../../../lib/layers/diff/set-times.ts'
import { captureSnapshot, takeSnapshot } from '../../../lib/layers/diff/snapshot.ts'
import { CAPABILITY } from '../../../lib/layers/entry.ts'
import type { PlainEntry } from '../../../lib/layers/entry-with.ts'
import type { TreeEntry } from '../../../lib/layers/file-tree.ts'
import { createUnionView, extendUnionView } from '../../../lib/layers/union/union-view.ts'
import { unpackLayer } from '../../../lib/layers/unpack/unpack-layer.ts'
import { unpackRoot } from '../../../lib/layers/unpack/unpack-root.ts'
import { isRoot } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'
import { directory, file, hardlink, symlink, temporaryDirectory } from '../support/entries.ts'
import { describeDirectory, describeTree, storedLayers, writeLayers } from '../support/layers.ts'

const LAYERS: readonly (readonly PlainEntry[])[] = [
  [
    file('f', 'hello\n'),
    file('empty', ''),
    file('exe', 'x', { mode: 0o755 }),
    file('suid', 'x', { mode: 0o4755 }),
    symlink('l', 'f'),
    directory('d'),
    file('d/a', 'a'),
    file('d/b', 'b'),
    directory('d/sub'),
    file('d/sub/x', 'x'),
    file('d/sub/y', 'y'),
    directory('links'),
    file('links/1', 'one'),
    hardlink('links/2', 'links/1'),
    file('bytes-\udcff', 'b'),
    directory('tmp', { mode: 0o1777 }),
    directory('gone'),
    file('gone/g', 'g'),
    directory('opaque'),
    file('opaque/old', 'o'),
  ],
  [file('.wh.gone', ''), directory('opaque'), file('opaque/.wh..wh..opq', ''), file('opaque/new', 'n')],
]

/** Title, script, the layer; then what a plain directory gives where the two file systems themselves differ. */
type Case = readonly [string, string, readonly string[], (readonly string[])?]

const CASES: readonly Case[] = [
  ['nothing', 'true', []],
  ['a new file', 'echo new >n', ['n file 644 "new\\n"']],
  ['a new file below a directory brings that along', 'echo new >d/n', ['d directory 755', 'd/n file 644 "new\\n"']],
  ['a time', 'touch -d @1800000000 f', ['f file 644 "hello\\n"']],
  ['a time set to what it was', 'touch -d @1700000000 f', []],
  ['the time of a directory', 'touch -d @1800000000 d', []],
  ['a mode', 'chmod 600 f', ['f file 600 "hello\\n"']],
  ['a mode set to what it was', 'chmod 644 f', []],
  ['the mode of a directory', 'chmod 700 d', ['d directory 700']],
  [
    'set-id and sticky bits',
    'chmod u-s suid; chmod 6755 exe; chmod 2755 d',
    ['d directory 2755', 'exe file 6755 "x"', 'suid file 755 "x"'],
  ],
  ['a file that is appended to', 'echo more >>f', ['f file 644 "hello\\nmore\\n"']],
  ['a file that is opened for writing', ': >>f', []],
  ['a rewrite as it was', 'cat f >g; cat g >f; rm g; touch -d @1700000000 f', []],
  ['other content of the same size and time', 'echo HELLO >f; touch -d @1700000000 f', ['f file 644 "HELLO\\n"']],
  ['a truncated file', ': >f', ['f file 644 ""']],
  ['files without content', 'touch n; rm empty; touch -d @1700000000 empty', ['n file 644 ""']],
  ['a removed file', 'rm f d/a', ['d directory 755', 'd/.wh.a', '.wh.f']],
  ['a removed directory is one whiteout', 'rm -r d', ['.wh.d']],
  ['a file that came and went', 'touch n; rm n; mkdir -p d/n/n; rm -r d/n', []],
  [
    'a directory that is made anew',
    'rm -r d; mkdir d; touch d/n',
    ['d directory 755', 'd/.wh.a', 'd/.wh.b', 'd/n file 644 ""', 'd/.wh.sub'],
  ],
  [
    'a directory that is made anew with some of what it had',
    'cp -a d e; rm -r d; mv e d; rm d/a d/sub/x',
    ['d directory 755', 'd/.wh.a', 'd/sub directory 755', 'd/sub/.wh.x'],
  ],
  ['a directory below an opaque one', 'rm -r opaque; mkdir opaque', ['opaque directory 755', 'opaque/.wh.new']],
  ['what lower layers removed comes back', 'mkdir gone', ['gone directory 755']],
  ['a file that becomes a directory', 'rm f; mkdir f; echo x >f/x', ['f directory 755', 'f/x file 644 "x\\n"']],
  ['a directory that becomes a file', 'rm -r d; echo x >d', ['d file 644 "x\\n"']],
  ['a directory that becomes a symlink', 'rm -r d; ln -s tmp d', ['d symlink tmp']],
  [
    'a moved directory',
    'mv d e',
    [
      '.wh.d',
      'e directory 755',
      'e/a file 644 "a"',
      'e/b file 644 "b"',
      'e/sub directory 755',
      'e/sub/x file 644 "x"',
      'e/sub/y file 644 "y"',
    ],
  ],
  ['a moved file', 'mv d/a d/c', ['d directory 755', 'd/.wh.a', 'd/c file 644 "a"']],
  ['a moved file moved back', 'mv f g; mv g f', []],
  [
    'files linked with one another',
    'echo n >z; ln z y; ln z d/z',
    ['d directory 755', 'd/z file 644 "n\\n"', 'y hardlink d/z', 'z hardlink d/z'],
  ],
  ['a link to an old file', 'ln f g', ['f file 644 "hello\\n"', 'g hardlink f']],
  [
    'a write through one of two links',
    'echo 1 >links/1',
    ['links directory 755', 'links/1 file 644 "1\\n"'],
    ['links directory 755', 'links/1 file 644 "1\\n"', 'links/2 hardlink links/1'],
  ],
  ['one of two links removed', 'rm links/1', ['links directory 755', 'links/.wh.1']],
  ['one of two links written anew', 'rm links/1; echo n >links/1', ['links directory 755', 'links/1 file 644 "n\\n"']],
  ['a symlink that leads elsewhere', 'ln -sfn d l', ['l symlink d']],
  ['a symlink made anew', 'ln -sfn f l; touch -h -d @1700000000 l', []],
  ['a fifo', 'mkfifo -m 622 p', ['p fifo 622']],
  ['a file that becomes a fifo', 'rm f; mkfifo -m 644 f', ['f fifo 644']],
  [
    'a deep new tree',
    'mkdir -p n/1/2/3; touch n/1/2/3/f',
    ['n directory 755', 'n/1 directory 755', 'n/1/2 directory 755', 'n/1/2/3 directory 755', 'n/1/2/3/f file 644 ""'],
  ],
  [
    'names that are not UTF-8',
    'mv "$(printf \'bytes-\\377\')" "$(printf \'b\\376\')"',
    ['.wh.bytes-\udcff', 'b\udcfe file 644 "b"'],
  ],
  ['a directory through a symlink of the root', 'rm l; ln -s / l', ['l symlink /']],
  [
    'names that sort before their directories',
    'touch d-1 d.1; chmod 700 d',
    ['d directory 700', 'd-1 file 644 ""', 'd.1 file 644 ""'],
  ],
]

const ROOT_CASES: readonly Case[] = [
  ['an owner', 'chown 5:6 f d', ['d directory 755 5:6', 'f file 644 5:6 "hello\\n"']],
  ['an owner set to what it was', 'chown 0:0 f d', []],
  ['the owner of a symlink', 'chown -h 5:6 l', ['l symlink 5:6 f']],
  [
    'a device',
    'mknod -m 666 null c 1 3; mknod -m 640 disk b 259 70000',
    ['disk block 640 259/70000', 'null character 666 1/3'],
  ],
]

const root = isRoot('overlayfs')

describe.each([
  { name: 'overlayfs', open: openOverlay, enabled: root },
  { name: 'a plain directory', open: openDirectory, enabled: true },
])('captured from $name:', ({ open, enabled }) => {
  const isOverlay = open === openOverlay
  const cases = [...CASES, ...(root ? ROOT_CASES : [])].map(([title, script, shown, elsewhere]) => ({
    title,
    script,
    expected: isOverlay ? shown : (elsewhere ?? shown),
  }))
  test.runIf(enabled).each(cases)('$title', async ({ script, expected }) => {
    const { directory, capture } = await open()
    run(script, directory)
    const entries = capture({})
    expect(entries.map(describeEntry)).toEqual(expected)
    const [layer] = await storedLayers(entries)
    if (layer) expect(describeTree(extendUnionView(below, layer))).toEqual(describeDirectory(directory))
  })

  test.runIf(enabled)('what is excluded is neither new nor changed nor removed', async () => {
    const { directory, capture } = await open()
    run('echo changed >f; rm -r d/sub; mkdir -p n/mount/deep; touch n/mount/deep/x; touch d/a2', directory)
    const exclude = new Set(['f', 'd/sub', 'n/mount'])
    expect(capture({ exclude }).map(describeEntry)).toEqual(['d directory 755', 'd/a2 file 644 ""', 'n directory 755'])
  })

  test.runIf(enabled)('owners, modes and devices are what the identity says', async () => {
    const { directory, capture } = await open()
    run('touch node own; echo more >>d/a', directory)
    const identity: CaptureOptions['identity'] = (path) => ({
      uid: path === 'own' ? 7 : 0,
      gid: 0,
      ...(path === 'node' && { mode: 0o020666, rdev: 0x103 }),
    })
    expect(capture({ identity }).map(describeEntry)).toEqual([
      'd directory 755',
      'd/a file 644 "amore\\n"',
      'node character 666 1/3',
      'own file 644 7:0 ""',
    ])
  })

  test.runIf(enabled)('all links of a file have the owner that is recorded for one of them', async () => {
    const { directory, capture } = await open()
    run('echo new >c; ln c b; ln c a; touch other', directory)
    const identity: CaptureOptions['identity'] = (path) =>
      path === 'b' ? { uid: 7, gid: 8, named: true } : { uid: 1, gid: 1 }
    expect(capture({ identity }).map(({ path, type, uid, gid }) => [path, type, uid, gid])).toEqual([
      ['a', 'file', 7, 8],
      ['b', 'hardlink', 7, 8],
      ['c', 'hardlink', 7, 8],
      ['other', 'file', 1, 1],
    ])
  })

  test.runIf(enabled)('a capability that only the identity has is a change of the file', async () => {
    const { directory, capture } = await open()
    run('chmod 700 exe; chmod 755 exe', directory)
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
    const changed = capture({ identity: (path) => ({ uid: 0, gid: 0, ...(path === 'exe' && { capability }) }) })
    expect(changed.map(({ path, xattrs }) => [path, xattrs])).toEqual([['exe', { [CAPABILITY]: capability }]])
  })

  test.runIf(enabled)('with the times of its layer, what a further command leaves alone is no change', async () => {
    const { directory, capture } = await open()
    run('echo new >n; ln n n2; ln -s n s; mkdir e; mkfifo p; rm f', directory)
    const entries = capture({}).map((entry) => (entry.path === '.wh.f' ? entry : { ...entry, mtime: 1_000_000_000 }))
    const layer = await storedLayers(entries)
    setTimes(isOverlay ? join(directory, '../upper') : directory, entries)
    run('chmod 600 n p; chmod 644 n p; chmod 700 e; chmod 755 e; touch d/new', directory)
    const above = layer.reduce(extendUnionView, below)
    expect(capture({ below: above }).map(describeEntry)).toEqual(['d directory 755', 'd/new file 644 ""'])
  })

  test.runIf(enabled)('names that would be whiteouts are left out', async () => {
    const { directory, capture } = await open()
    run('touch .wh.f d/.wh..wh..opq d/.wh.; mkdir .wh.d; touch .wh.d/x', directory)
    const told: string[] = []
    expect(capture({ onWhiteoutNames: (paths) => told.push(...paths) })).toEqual([])
    expect(told).toEqual(['.wh.d', '.wh.f', 'd/.wh.', 'd/.wh..wh..opq'])
  })

  test.runIf(enabled)('paths that are too long for the system are a store error', async () => {
    const { directory, capture } = await open()
    // Two deep directories, one moved to the bottom of the other: node:fs could not remove them.
    onTestFinished(() => run('rm -rf a b', directory))
    const names = Array.from({ length: 9 }, () => 'n'.repeat(250)).join('/')
    run(`mkdir -p a/${names} b/${names}; top=$PWD; cd a/${names}; mv $top/b .`, directory)
    expect(() => capture({})).toThrow(expect.objectContaining({ code: 'STORE_IO' }))
  })

  test.runIf(enabled)('sockets are left out, and hide what they replace', async () => {
    const { directory, capture } = await open()
    fs.rmSync(join(directory, 'f'))
    const bind = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))'
    for (const name of ['f', 's']) {
      expect(() => execFileSync(process.execPath, ['-e', bind, join(directory, name)])).toThrow()
      expect(fs.lstatSync(join(directory, name)).isSocket()).toBe(true)
    }
    expect(capture({}).map(describeEntry)).toEqual(['.wh.f'])
  })
})

const CAN_SETCAP = root && requires('setcap')

test.runIf(CAN_SETCAP)('capabilities are changes of their own', async () => {
  for (const open of [openOverlay, openDirectory]) {
    const { directory, capture } = await open()
    run(
      'setcap cap_net_raw=ep exe; echo y >new; chmod 755 new; setcap cap_chown=p new; echo z >none; chmod 755 none',
      directory,
    )
    const entries = capture({})
    expect(entries.map(({ path, xattrs }) => [path, hex(xattrs?.['security.capability'])])).toEqual([
      ['exe', '0100000200200000000000000000000000000000'],
      ['new', '0000000201000000000000000000000000000000'],
      ['none', undefined],
    ])
  }
})

test.runIf(CAN_SETCAP)('capabilities that were there before stay, and can go', async () => {
  const xattrs = { 'security.capability': Buffer.from('0100000200200000000000000000000000000000', 'hex') }
  const names = ['kept', 'touched', 'removed', 'written']
  const [layer] = await storedLayers(names.map((name) => file(name, 'x', { mode: 0o755, xattrs })))
  if (!layer) throw new Error('no layer')
  const tree = createUnionView([layer])
  const directory = temporaryDirectory()
  await unpackRoot(tree, directory, { owners: true })
  const before = takeSnapshot(directory)
  // The kernel takes the capabilities of what is written to.
  run('chown 0:0 kept; setcap cap_net_raw=ep kept; touch touched; setcap -r removed; echo y >written', directory)
  const after = takeSnapshot(directory)
  const entries = captureSnapshot({ root: directory, before, after, below: tree, ...OPTIONS })
  expect(entries.map(({ path, xattrs }) => [path, hex(xattrs?.['security.capability'])])).toEqual([
    ['removed', undefined],
    ['touched', '0100000200200000000000000000000000000000'],
    ['written', undefined],
  ])
})

test.runIf(root)('what could not be unpacked was not removed', async () => {
  const { directory, capture } = await openOverlay()
  run('rm f l; touch d/new', directory)
  const isMissing = ({ type }: TreeEntry): boolean => type === 'symlink'
  expect(capture({ isMissing }).map(describeEntry)).toEqual(['d directory 755', 'd/new file 644 ""', '.wh.f'])
})

test('what can not be read is a store error', () => {
  const root = join(temporaryDirectory(), 'none')
  expect(() => takeSnapshot(root)).toThrow(expect.objectContaining({ code: 'STORE_IO' }))
  expect(() => captureOverlay({ upper: root, merged: root, below, ...OPTIONS })).toThrow(
    expect.objectContaining({ code: 'STORE_IO' }),
  )
})

interface OpenRoot {
  readonly directory: string
  readonly capture: (options: Partial<CaptureOverlayOptions>) => readonly PlainEntry[]
}

const OPTIONS: Pick<CaptureOptions, 'exclude' | 'identity'> = {
  exclude: new Set(),
  identity: (_, { uid, gid }) => (root ? { uid: Number(uid), gid: Number(gid) } : { uid: 0, gid: 0 }),
}

let shared: string
let below = createUnionView([])
/** Directories of the layers, uppermost first. */
const lower: string[] = []

beforeAll(async () => {
  shared = fs.mkdtempSync(join(tmpdir(), 'tsbuild-capture-'))
  for (const layer of await writeLayers(openStore(join(shared, 'store')), LAYERS)) {
    if (root) {
      const path = join(shared, `lower${lower.length}`)
      fs.mkdirSync(path)
      expect(await unpackLayer(layer, below, path, { owners: true })).toMatchObject({ kind: 'unpacked', losses: [] })
      lower.unshift(path)
    }
    below = extendUnionView(below, layer)
  }
})
afterAll(() => fs.rmSync(shared, { recursive: true, force: true }))

async function openOverlay(): Promise<OpenRoot> {
  const base = temporaryDirectory()
  const [upper, work, directory] = [join(base, 'upper'), join(base, 'work'), join(base, 'merged')]
  for (const path of [upper, work, directory]) fs.mkdirSync(path)
  const options = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work},redirect_dir=off,metacopy=off,index=off`
  run(`mount -t overlay overlay -o ${options} ${directory}`, base)
  onTestFinished(() => run(`umount ${directory}`, base))
  expect(describeDirectory(directory)).toEqual(describeTree(below))
  return { directory, capture: (more) => captureOverlay({ upper, merged: directory, below, ...OPTIONS, ...more }) }
}

async function openDirectory(): Promise<OpenRoot> {
  const directory = temporaryDirectory()
  await unpackRoot(below, directory, { owners: root })
  const before = takeSnapshot(directory)
  const capture: OpenRoot['capture'] = (more) =>
    captureSnapshot({ root: directory, before, after: takeSnapshot(directory), below, ...OPTIONS, ...more })
  return { directory, capture }
}

function run(script: string, cwd: string): void {
  execFileSync('sh', ['-euc', `umask 022\n${script}`], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

function describeEntry(entry: PlainEntry): string {
  const { path, type, mode, uid, gid, linkname, content, devMajor, devMinor } = entry
  if (/(?:^|\/)\.wh\./.test(path)) return path
  const words = [path, type]
  if (type !== 'symlink' && type !== 'hardlink') words.push(mode.toString(8))
  if (uid !== 0 || gid !== 0) words.push(`${uid}:${gid}`)
  if (linkname !== undefined) words.push(linkname)
  if (devMajor !== undefined) words.push(`${devMajor}/${devMinor}`)
  if (content?.kind === 'file') words.push(JSON.stringify(fs.readFileSync(asBytes(content.path), 'utf8')))
  return words.join(' ')
}

function asBytes(path: string): Buffer {
  return Buffer.from(
    path.replace(/[\udc80-\udcff]/g, (c) => String.fromCharCode(c.charCodeAt(0) & 0xff)),
    'latin1',
  )
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}
