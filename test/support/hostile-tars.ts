// Archives that want out, or too much: one for each class.
import { makeTar } from './make-tar.ts'
import { END, gnuSparseMember, paxMember, paxSparseMember } from './sparse-tars.ts'

/** Files that no build may create. */
export const OUTSIDE = '/tmp/tsbuild-hostile'

/** A tar, and what has to become of it wherever it comes in: the paths that it gives, or the code of an error. */
export interface HostileTar {
  readonly name: string
  readonly tar: () => Promise<Buffer>
  /** As an archive that is unpacked: ADD, a context. */
  readonly unpacked: readonly string[] | string
  /** As a layer of a base image, where that is something else. */
  readonly layer?: readonly string[] | string
}

const BODY = { body: 'x' }
/** Whatever comes after it, this is an archive. */
const FIRST = paxMember('first', [], Buffer.alloc(0))

export const HOSTILE_TARS: readonly HostileTar[] = [
  {
    name: 'path traversal: ".." stays below',
    tar: () =>
      makeTar({ name: '../../up', ...BODY }, { name: 'a/../../b', ...BODY }, { name: '..', type: 'directory' }),
    unpacked: ['- b', '- up'],
  },
  {
    name: 'absolute paths are below',
    tar: () => makeTar({ name: `${OUTSIDE}/x`, ...BODY }),
    unpacked: ['d tmp/', 'd tmp/tsbuild-hostile/', '- tmp/tsbuild-hostile/x'],
  },
  {
    name: 'symlinked parents lead nowhere else',
    tar: () =>
      makeTar(
        { name: 'way', type: 'symlink', linkname: OUTSIDE },
        { name: 'way/x', ...BODY },
        { name: 'up', type: 'symlink', linkname: '../../../../..' },
        { name: 'up/y', ...BODY },
      ),
    unpacked: [
      'd tmp/',
      'd tmp/tsbuild-hostile/',
      '- tmp/tsbuild-hostile/x',
      'l up -> ../../../../..',
      `l way -> ${OUTSIDE}`,
      '- y',
    ],
    // A layer's directories are directories, whatever was there.
    layer: ['d up/', '- up/y', 'd way/', '- way/x'],
  },
  {
    name: 'symlink loops',
    tar: () =>
      makeTar(
        { name: 'a', type: 'symlink', linkname: 'b' },
        { name: 'b', type: 'symlink', linkname: 'a' },
        { name: 'a/x', ...BODY },
      ),
    unpacked: 'SYMLINK_LOOP',
    layer: ['d a/', '- a/x', 'l b -> a'],
  },
  ...['/etc/passwd', '../../../../etc/passwd'].map((linkname) => ({
    name: `hard links outside: none to ${linkname} of this machine`,
    tar: () => makeTar({ name: 'link', type: 'link', linkname }),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  })),
  {
    name: 'hard links through a symlink lead nowhere else',
    tar: () =>
      makeTar(
        { name: 'way', type: 'symlink', linkname: '/etc' },
        { name: 'link', type: 'link', linkname: 'way/passwd' },
      ),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'hard links to a directory',
    tar: () => makeTar({ name: 'd', type: 'directory' }, { name: 'link', type: 'link', linkname: 'd' }),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'device nodes are entries of a layer, and nothing on this machine',
    tar: () =>
      makeTar({ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }, { name: 'pipe', type: 'fifo' }),
    unpacked: ['c null', 'p pipe'],
  },
  {
    name: 'duplicate entries: the last counts, of whatever kind',
    tar: () =>
      makeTar(
        { name: 'a', body: 'one' },
        { name: 'a', type: 'directory' },
        { name: 'a/x', ...BODY },
        { name: 'b/x', ...BODY },
        { name: 'b', body: 'file' },
      ),
    unpacked: ['d a/', '- a/x', '- b'],
  },
  {
    name: 'truncated archives: in an entry',
    tar: async () => (await makeTar({ name: 'a', body: 'x'.repeat(5000) })).subarray(0, 3000),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'truncated archives: in a header',
    tar: async () => (await makeTar({ name: 'a', ...BODY }, { name: 'b', ...BODY })).subarray(0, 1300),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'corrupt archives: a later header',
    tar: async () => {
      const tar = await makeTar({ name: 'a', body: 'x'.repeat(5000) }, { name: 'b', body: 'y' })
      return tar.fill(0xff, 5632, 5700)
    },
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'gigantic entries: a size that is not there is an error, not an allocation',
    tar: async () => {
      const huge = Buffer.from((await makeTar({ name: 'a', ...BODY })).subarray(0, 1024))
      huge.write('77777777777\0', 124, 'latin1')
      return withChecksum(huge)
    },
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'gigantic names',
    tar: () => makeTar({ name: 'n'.repeat(5000), ...BODY }),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'gigantic headers',
    tar: async () => {
      const tar = Buffer.from(await makeTar({ name: 'a', body: 'x'.repeat(2 << 20) }))
      tar.write('x', 156, 'latin1')
      return Buffer.concat([
        await makeTar({ name: 'first' }).then((first) => first.subarray(0, 512)),
        withChecksum(tar),
      ])
    },
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'sparse files: a map whose parts overlap',
    tar: () =>
      Promise.resolve(Buffer.concat([FIRST, gnuSparseMember('a', 4096, [0, 600, 500, 424], Buffer.alloc(1024)), END])),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'sparse files: a map that leads beyond the file',
    tar: () =>
      Promise.resolve(Buffer.concat([FIRST, paxSparseMember('a', 4096, [1, 4000, 1024], Buffer.alloc(1024)), END])),
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
  {
    name: 'sparse files: a hole of a petabyte',
    tar: () => Promise.resolve(Buffer.concat([gnuSparseMember('a', 2 ** 50, [], Buffer.alloc(0)), END])),
    unpacked: 'ARCHIVE_TOO_LARGE',
  },
  {
    name: 'names with a NUL byte',
    tar: async () => {
      const tar = await makeTar({ name: 'first' }, { name: `é${'n'.repeat(150)}`, ...BODY })
      const at = tar.indexOf('nnn', 512)
      tar[at] = 0
      return tar
    },
    unpacked: 'ARCHIVE_INVALID',
    layer: 'LAYER_INVALID',
  },
]

/** Mends the checksum of a tar's first header. */
function withChecksum(tar: Buffer): Buffer {
  tar.fill(' ', 148, 156)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return tar
}
