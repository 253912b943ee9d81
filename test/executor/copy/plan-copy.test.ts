import { describe, expect, test } from 'vitest'
import type { Span } from '../../../lib/base/source.ts'
import { planCopy } from '../../../lib/executor/copy/plan-copy.ts'
import type { CopyOp } from '../../../lib/graph/types.ts'
import { entryWith } from '../../../lib/layers/entry-with.ts'
import { formatEntries, lines, parseEntries, parseTree } from '../tree-text.ts'

const FILE = { name: 'Dockerfile', text: 'COPY a b /\n' }

interface Case {
  /** `flags sources… destination`, as in a Dockerfile; `ADD` first for ADD. */
  readonly copy: string
  readonly target?: string
  readonly owner?: { uid: number; gid: number }
  readonly timestamp?: number
  readonly rootTime?: number
  readonly source?: string
  readonly explainMissing?: (path: string) => string | undefined
  readonly archives?: Record<string, string>
}

async function plan({
  copy,
  target = '',
  owner,
  timestamp,
  rootTime,
  source = SOURCE,
  explainMissing,
  archives = {},
}: Case) {
  const tree = parseTree(source)
  const read = { ...tree, lookup: tree.lookup, list: tree.list }
  if (Object.keys(archives).length > 0) {
    read.lookup = (path) => {
      const entry = tree.lookup(path)
      return entry?.type === 'file' ? entryWith(entry, { content: { kind: 'file', path } }) : entry
    }
  }
  const { entries } = await planCopy(operation(copy), read, parseTree(target), {
    owner,
    now: 500,
    timestamp,
    rootTime,
    explainMissing,
    openArchive: async ({ content }) => {
      const text = content?.kind === 'file' ? archives[content.path] : undefined
      return text === undefined ? undefined : { entries: parseEntries(text) }
    },
    location: (span) => ({ file: FILE, span }),
  })
  return formatEntries(entries)
}

function operation(text: string): CopyOp {
  const words = text.split(' ')
  const flags = words.filter((word) => word.startsWith('--'))
  const value = (name: string) => flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3)
  const isAdd = words[0] === 'ADD'
  const [destination = '', ...sources] = words.filter((word) => !word.startsWith('--') && word !== 'ADD').reverse()
  return {
    kind: 'copy',
    instruction: isAdd ? 'ADD' : 'COPY',
    sources: sources.reverse().map((path, at) => {
      const span = { start: 5 + 2 * at, end: 6 + 2 * at }
      return path.startsWith('<<')
        ? { kind: 'inline', name: path.slice(2), text: 'hi\n', span }
        : { kind: 'path', path, span }
    }),
    destination,
    chown: undefined,
    chmod: value('chmod'),
    link: flags.includes('--link'),
    parents: flags.includes('--parents'),
    exclude: flags.filter((flag) => flag.startsWith('--exclude=')).map((flag) => flag.slice('--exclude='.length)),
    unpack: isAdd ? !flags.includes('--unpack=false') : undefined,
  }
}

const SOURCE = `
  f 644 0:0 a.txt = a
  f 600 0:0 b.txt = b
  f 4755 0:0 tool = t
  d 700 0:0 dir @50
  f 644 0:0 dir/1 = one
  d 750 0:0 dir/sub @60
  f 644 0:0 dir/sub/2.md = two
  l 777 0:0 link -> dir/1
  l 777 0:0 dangling -> nowhere
  l 777 0:0 dirlink -> dir
  p 640 0:0 pipes/p
  f 644 0:0 hard/x #7 = h
  f 644 0:0 hard/y #7 = h`

const TARGET = `
  d 1777 0:0 tmp
  d 755 9:9 app
  f 644 0:0 app/old = old
  l 777 0:0 current -> /app
  f 644 0:0 etc/conf = x`

const CASES: Record<string, [Case, string]> = {
  'a file is renamed': [{ copy: 'a.txt /b' }, 'f 644 0:0 b = a'],
  'a trailing slash makes a directory': [{ copy: 'a.txt /new/' }, 'd 755 0:0 new @500\nf 644 0:0 new/a.txt = a'],
  'an existing directory is copied into, and stays as it is': [
    { copy: 'a.txt /tmp', target: TARGET },
    'd 1777 0:0 tmp\nf 644 0:0 tmp/a.txt = a',
  ],
  'missing parents are made': [{ copy: 'a.txt /x/y/z' }, 'd 755 0:0 x @500\nd 755 0:0 x/y @500\nf 644 0:0 x/y/z = a'],
  'setuid is kept': [{ copy: 'tool /' }, 'f 4755 0:0 tool = t'],
  'of a directory the contents are copied, and only its time': [
    { copy: 'dir /d' },
    'd 755 0:0 d @50\nf 644 0:0 d/1 = one\nd 750 0:0 d/sub @60\nf 644 0:0 d/sub/2.md = two',
  ],
  'what is made of a root without a time has the time given for it': [
    { copy: '/ /new', source: 'd 700 1:1 . @0\nf 644 0:0 a = a', rootTime: 300 },
    'd 755 0:0 new @300\nf 644 0:0 new/a = a',
  ],
  'a root with a time keeps it': [
    { copy: '/ /new', source: 'd 700 1:1 . @7\nf 644 0:0 a = a', rootTime: 300 },
    'd 755 0:0 new @7\nf 644 0:0 new/a = a',
  ],
  'the root is a directory like any other': [
    { copy: 'dir /' },
    'f 644 0:0 1 = one\nd 750 0:0 sub @60\nf 644 0:0 sub/2.md = two',
  ],
  'directories that are merged take the mode and owner of the source': [
    { copy: 'dir /app', target: `${TARGET}\n d 777 5:5 app/sub` },
    'd 755 9:9 app @50\nf 644 0:0 app/1 = one\nd 750 0:0 app/sub @60\nf 644 0:0 app/sub/2.md = two',
  ],
  'several sources go into a directory': [
    { copy: 'a.txt b.txt /d/' },
    'd 755 0:0 d @500\nf 644 0:0 d/a.txt = a\nf 600 0:0 d/b.txt = b',
  ],
  'a later source replaces an earlier one': [{ copy: 'a.txt b.txt /x' }, 'f 600 0:0 x = b'],
  'a symlink named as source is followed': [{ copy: 'link /' }, 'f 644 0:0 link = one'],
  'a symlink to a directory named as source is followed': [
    { copy: 'dirlink/sub /s/' },
    'd 755 0:0 s @60\nf 644 0:0 s/2.md = two',
  ],
  'symlinks inside a directory are kept': [
    { copy: 'd /d', source: 'l 777 0:0 d/l -> ../../etc' },
    'd 755 0:0 d\nl 777 0:0 d/l -> ../../etc',
  ],
  'a symlink in the destination is followed': [
    { copy: 'a.txt /current/', target: TARGET },
    'd 755 9:9 app\nf 644 0:0 app/a.txt = a',
  ],
  'symlinks in the destination do not lead out of the root': [
    { copy: 'a.txt /out/x', target: 'l 777 0:0 out -> ../../../etc' },
    'd 755 0:0 etc @500\nf 644 0:0 etc/x = a',
  ],
  'a symlink that has the place of a copied file is replaced': [
    { copy: 'a.txt /app/', target: `${TARGET}\n l 777 0:0 app/a.txt -> old` },
    'd 755 9:9 app\nf 644 0:0 app/a.txt = a',
  ],
  'with --link nothing is known of the target': [
    { copy: '--link a.txt /current/', target: TARGET },
    'd 755 0:0 current @500\nf 644 0:0 current/a.txt = a',
  ],
  'the owner is given to all, made parents too': [
    { copy: 'dir/sub /x/y/', owner: { uid: 3, gid: 4 } },
    'd 755 3:4 x @500\nd 755 3:4 x/y @60\nf 644 3:4 x/y/2.md = two',
  ],
  'a mode is given to all but symlinks': [
    { copy: '--chmod=2711 d /x/', source: 'd 700 0:0 d/e\nl 777 0:0 d/l -> e' },
    'd 711 0:0 x\nd 2711 0:0 x/e\nl 777 0:0 x/l -> e',
  ],
  'a symbolic mode changes what is there': [
    { copy: '--chmod=go+rX dir/ /x/' },
    'd 755 0:0 x @50\nf 644 0:0 x/1 = one\nd 755 0:0 x/sub @60\nf 644 0:0 x/sub/2.md = two',
  ],
  'fifos are copied': [{ copy: 'pipes /' }, 'p 640 0:0 p'],
  'hard links in a directory stay linked': [{ copy: 'hard /' }, 'f 644 0:0 x = h\nh 644 0:0 y -> x'],
  'hard links from two sources do not': [{ copy: 'hard/x hard/y /' }, 'f 644 0:0 x = h\nf 644 0:0 y = h'],
  wildcards: [{ copy: '*.txt /d/' }, 'd 755 0:0 d @500\nf 644 0:0 d/a.txt = a\nf 600 0:0 d/b.txt = b'],
  'wildcards that match a directory take its contents': [
    { copy: 'di?/s* /d/' },
    'd 755 0:0 d @60\nf 644 0:0 d/2.md = two',
  ],
  'wildcards that match nothing make nothing': [{ copy: '*.nope /d/' }, ''],
  'a source cannot leave the context': [{ copy: '../../a.txt /' }, 'f 644 0:0 a.txt = a'],
  'the root of the context': [{ copy: '/ /', source: 'f 644 0:0 x = 1' }, 'f 644 0:0 x = 1'],
  '--exclude leaves out': [{ copy: '--exclude=sub dir /d/' }, 'd 755 0:0 d @50\nf 644 0:0 d/1 = one'],
  '--exclude with an exception': [
    { copy: '--exclude=* --exclude=!sub/2.md dir /d/' },
    'd 755 0:0 d @50\nd 750 0:0 d/sub @60\nf 644 0:0 d/sub/2.md = two',
  ],
  '--exclude does not hit what is named': [{ copy: '--exclude=a.txt a.txt /' }, 'f 644 0:0 a.txt = a'],
  '--parents keeps the directories': [
    { copy: '--parents dir/sub/2.md a.txt /x/' },
    'd 755 0:0 x\nf 644 0:0 x/a.txt = a\nd 700 0:0 x/dir @50\nd 750 0:0 x/dir/sub @60\nf 644 0:0 x/dir/sub/2.md = two',
  ],
  '--parents from a pivot': [
    { copy: '--parents dir/./sub/*.md /x/' },
    'd 755 0:0 x @50\nd 750 0:0 x/sub @60\nf 644 0:0 x/sub/2.md = two',
  ],
  '--parents with ** finds files at any depth': [
    { copy: '--parents **/*.md /x/' },
    'd 755 0:0 x\nd 700 0:0 x/dir @50\nd 750 0:0 x/dir/sub @60\nf 644 0:0 x/dir/sub/2.md = two',
  ],
  'an inline file': [{ copy: '<<EOF /etc/motd' }, 'd 755 0:0 etc @500\nf 644 0:0 etc/motd @500 = hi\n'],
  'inline files come after the others': [{ copy: '<<EOF a.txt /x' }, 'f 644 0:0 x @500 = hi\n'],
  'an inline file keeps its name in a directory': [
    { copy: '<<EOF /tmp', target: TARGET },
    'd 1777 0:0 tmp\nf 644 0:0 tmp/EOF @500 = hi\n',
  ],
  'what is there already is not written again': [
    { copy: 'dir /d', target: 'd 700 0:0 d\nf 644 0:0 d/1 = one\nf 644 0:0 d/sub/2.md = other' },
    'd 700 0:0 d @50\nd 750 0:0 d/sub @60\nf 644 0:0 d/sub/2.md = two',
  ],
  'a later time makes it another file': [{ copy: 'a.txt /', target: 'f 644 0:0 a.txt @99 = a' }, 'f 644 0:0 a.txt = a'],
  'one time for everything': [
    { copy: 'dir /new/d/', timestamp: 7 },
    'd 755 0:0 new @7\nd 755 0:0 new/d @7\nf 644 0:0 new/d/1 @7 = one\nd 750 0:0 new/d/sub @7\nf 644 0:0 new/d/sub/2.md @7 = two',
  ],
  'names are sorted directory by directory': [
    { copy: 's /', source: 'f 644 0:0 s/a.b = 1\nf 644 0:0 s/a/x = 2\nf 644 0:0 s/a-b = 3' },
    'd 755 0:0 a\nf 644 0:0 a/x = 2\nf 644 0:0 a-b = 3\nf 644 0:0 a.b = 1',
  ],
}

describe('what a copy puts into its layer', () => {
  test.each(Object.entries(CASES))('%s', async (_, [input, expected]) => {
    expect(lines(await plan(input))).toBe(lines(expected))
  })
})

describe('ADD unpacks archives', () => {
  const archives = {
    'a.txt': `
      d 750 5:6 . @10
      d 700 5:6 d @11
      f 4755 5:6 d/f @12 = x
      l 777 5:6 d/l @13 -> /etc
      f 600 5:6 implied/f @14 = y
      h 755 5:6 d/h @12 -> d/f`.replace('d 750 5:6 . @10', ''),
  }
  test('with the modes, times and owners of the archive', async () => {
    expect(await plan({ copy: 'ADD a.txt /x', archives })).toBe(
      lines(`
        d 755 0:0 x @500
        d 700 5:6 x/d @11
        f 755 5:6 x/d/f @12 = x
        h 755 5:6 x/d/h @12 -> x/d/f
        l 777 5:6 x/d/l @13 -> /etc
        d 755 0:0 x/implied @500
        f 600 5:6 x/implied/f @14 = y`),
    )
  })
  test('with another owner, but for directories that it implies; --chmod says nothing', async () => {
    const text = await plan({ copy: 'ADD --chmod=777 a.txt /', archives, owner: { uid: 1, gid: 2 } })
    expect(text).toContain('d 700 1:2 d @11')
    expect(text).toContain('d 755 0:0 implied @500')
    expect(text).toContain('f 600 1:2 implied/f @14')
  })
  test('replacing what is in the way, and merging directories', async () => {
    const target = 'f 644 0:0 implied\nd 755 0:0 d/l\nf 644 0:0 d/keep = k\nf 644 0:0 d/l/gone'
    const text = await plan({
      copy: 'ADD a.txt /',
      archives: { 'a.txt': 'd 700 0:0 d\nl 777 0:0 d/l -> x\nd 711 0:0 implied' },
      target,
    })
    expect(text).toBe('d 700 0:0 d\nl 777 0:0 d/l -> x\nd 711 0:0 implied')
  })
  test('inside the destination, wherever links in the archive or the target lead', async () => {
    const target = 'l 777 0:0 x/out -> /etc'
    const text = await plan({
      copy: 'ADD a.txt /x/',
      archives: { 'a.txt': 'f 644 0:0 out/passwd = p\nl 777 0:0 up -> ../..\nf 644 0:0 up/y = q' },
      target,
    })
    expect(text).toBe(
      'd 755 0:0 x\nd 755 0:0 x/etc @500\nf 644 0:0 x/etc/passwd = p\nl 777 0:0 x/up -> ../..\nf 644 0:0 x/y = q',
    )
  })
  test('a directory in place of another hides what that had', async () => {
    const text = await plan({
      copy: 'ADD a.txt /',
      archives: { 'a.txt': 'f 644 0:0 d\nd 755 0:0 d\nf 644 0:0 d/new = n' },
      target: 'f 644 0:0 d/old = o\nf 644 0:0 d/new = o',
    })
    expect(text).toBe('f 644 0:0 d/new = n\nf 0 0:0 d/.wh.old @0'.split('\n').join('\n').replace(/^/, 'd 755 0:0 d\n'))
  })
  test('whiteouts stay as they are', async () => {
    expect(await plan({ copy: 'ADD a.txt /', archives: { 'a.txt': 'f 0 0:0 d/.wh.x' } })).toContain('f 0 0:0 d/.wh.x')
  })
  test('whiteouts are reported by their paths, whiteouts of the copy itself are not', async () => {
    const given = { owner: undefined, now: 500, location: (span: Span) => ({ file: FILE, span }) }
    const source = parseTree('f 644 0:0 s/.wh.real\nf 644 0:0 s/d/.wh..wh..opq\nf 644 0:0 s/x')
    const copied = await planCopy(operation('s /'), source, parseTree(''), given)
    expect(copied.whiteoutPaths).toEqual(['.wh.real', 'd/.wh..wh..opq'])
    const entries = parseEntries('f 644 0:0 d\nd 755 0:0 d\nf 644 0:0 d/.wh.x')
    const unpacked = await planCopy(operation('ADD a.txt /'), onDisk(), parseTree('f 644 0:0 d/old = o'), {
      ...given,
      openArchive: async () => ({ entries }),
    })
    expect(unpacked.whiteoutPaths).toEqual(['d/.wh.x'])
  })
  test('only capabilities of the attributes go into a layer', async () => {
    const entry = parseEntries('f 755 0:0 ping = p').map((e) => ({
      ...e,
      xattrs: { 'user.note': Buffer.from('n'), 'security.capability': Buffer.from('c') },
    }))
    const { entries } = await planCopy(operation('ADD a.txt /'), onDisk(), parseTree(''), {
      owner: undefined,
      now: 500,
      openArchive: async () => ({ entries: entry }),
      location: (span) => ({ file: FILE, span }),
    })
    expect(entries[0]?.xattrs).toEqual({ 'security.capability': Buffer.from('c') })
  })
  test('not with --unpack=false, nor with COPY', async () => {
    expect(await plan({ copy: 'ADD --unpack=false a.txt /', archives })).toBe('f 644 0:0 a.txt')
    expect(await plan({ copy: 'a.txt /', archives })).toBe('f 644 0:0 a.txt')
  })
  test('a hard link to nothing is refused', async () => {
    await expect(plan({ copy: 'ADD a.txt /', archives: { 'a.txt': 'h 644 0:0 a -> b' } })).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
    })
  })
})

function onDisk() {
  const tree = parseTree(SOURCE)
  return {
    lookup: (path: string) => {
      const entry = tree.lookup(path)
      return entry && entryWith(entry, { content: { kind: 'file', path } })
    },
    list: tree.list,
  }
}

describe('a copy that cannot be done is an error at its source', () => {
  test.each([
    ['a missing source', 'a.txt nope /d/', {}, 'COPY_SOURCE_NOT_FOUND', { start: 7, end: 8 }],
    ['a dangling symlink', 'dangling /', {}, 'COPY_SOURCE_NOT_FOUND', { start: 5, end: 6 }],
    ['a missing directory before a wildcard', 'nope/* /', {}, 'COPY_SOURCE_NOT_FOUND', { start: 5, end: 6 }],
    ['--parents of what is missing', '--parents dir/nope /', {}, 'COPY_SOURCE_NOT_FOUND', { start: 5, end: 6 }],
    ['--parents of nothing after a pivot', '--parents dir/./ /', {}, 'COPY_SOURCE_NOT_FOUND', { start: 5, end: 6 }],
    ['a file over a directory', 'a.txt /x/', { target: 'd 755 0:0 x/a.txt' }, 'COPY_DESTINATION', { start: 5, end: 6 }],
    ['a directory over a file', 'dir /x', { target: 'f 644 0:0 x' }, 'COPY_DESTINATION', { start: 5, end: 6 }],
    [
      'a directory over a symlink',
      'dir /x/',
      { target: 'l 777 0:0 x/sub -> /etc' },
      'COPY_DESTINATION',
      { start: 5, end: 6 },
    ],
    ['a way through a file', 'a.txt /x/y', { target: 'f 644 0:0 x' }, 'COPY_DESTINATION', { start: 5, end: 6 }],
    ['a bad pattern', 'a[ /', {}, 'COPY_PATTERN', { start: 5, end: 6 }],
    ['a bad pattern with --parents', '--parents a[/b /', {}, 'COPY_PATTERN', { start: 5, end: 6 }],
    ['symlinks in a circle', 'a.txt /x/y', { target: 'l 777 0:0 x -> x' }, 'SYMLINK_LOOP', { start: 5, end: 6 }],
  ])('%s', async (_, copy, options, code, span) => {
    await expect(plan({ copy, ...options })).rejects.toMatchObject({ code, location: { file: FILE, span } })
  })

  test.each([
    ['names what is similar', { copy: 'dir/sub/3.md /' }, 'did you mean "/dir/sub/2.md"?'],
    ['names a similar directory', { copy: 'dri/sub/2.md /' }, 'did you mean "/dir/sub/2.md"?'],
    [
      'says where a symlink leads',
      { copy: 'dangling /' },
      '"/dangling" is a symlink to "nowhere", which does not exist',
    ],
    [
      'says where a symlink on the way leads',
      { copy: 'dangling/x /' },
      '"/dangling" is a symlink to "nowhere", which does not exist',
    ],
    [
      "says what hides a symlink's target",
      { copy: 'dangling /', explainMissing: (path: string) => (path === 'nowhere' ? 'line 1 hides it' : undefined) },
      '"/dangling" is a symlink to "nowhere": line 1 hides it',
    ],
    [
      'says that nothing is outside',
      { copy: '../nope /' },
      'a source cannot be outside of the build context: "../nope" means "/nope" in it',
    ],
    ['says what a pivot needs', { copy: '--parents dir/./ /' }, 'nothing follows "/./": write "dir/./*"'],
    ['says that a file has nothing in it', { copy: 'a.txt/x /' }, '"/a.txt" is a file, not a directory'],
    ['does not repeat what was written', { copy: 'dir/nope/a.txt /' }, undefined],
    [
      'says what hides it',
      { copy: 'a.log /', explainMissing: (path: string) => `${path} is hidden` },
      'a.log is hidden',
    ],
  ])('the hint for a missing source %s', async (_, input, hint) => {
    await expect(plan(input)).rejects.toMatchObject({ hint })
  })

  test.each([
    ['.', '.'],
    ['./', '.'],
    ['/', '.'],
  ])('--parents %s copies all that is below', async (source, plain) => {
    const all = await plan({ copy: `--parents ${source} /v/` })
    expect(all).toBe(await plan({ copy: `${plain} /v/` }))
    expect(all).toContain(' v/')
  })

  test('a bad pattern to exclude is refused', async () => {
    await expect(plan({ copy: '--exclude=[ dir /' })).rejects.toMatchObject({
      code: 'COPY_PATTERN',
      message: 'invalid pattern: "[" has a class without an end',
    })
  })

  test('a bad mode is refused', async () => {
    await expect(plan({ copy: '--chmod=9 a.txt /' })).rejects.toMatchObject({ code: 'CHMOD_INVALID' })
  })
})
