// Owners where the disk has but one: the helper answers for chown, stat, mknod, setuid and their like, for
// static programs.
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatHelperTable } from '../../../lib/sandbox/ownership/helper-owner-table.ts'
import { nativeParts, stepRoom } from './native-step.ts'

const parts = nativeParts()

/** The lines that a step prints; it ends with exit code 0. */
const CASES: readonly (readonly [title: string, script: string, said: readonly string[]])[] = [
  ['root is root', 'id -u; id -g; stat -c %u:%g /bin /dev/null /etc/passwd', ['0', '0', '0:0', '0:0', '0:0']],
  ['chown is seen by stat', 'touch f; chown 33:34 f; stat -c %u:%g f; chown :7 f; stat -c %u:%g f', ['33:34', '33:7']],
  ['ids beyond 16 and 31 bits are kept', 'touch f; chown 70000:4000000000 f; stat -c %u:%g f', ['70000:4000000000']],
  [
    'a link has an owner of its own',
    'touch f; ln -s f l; chown -h 5:6 l; stat -c %u:%g l f; stat -L -c %u:%g l',
    ['5:6', '0:0', '0:0'],
  ],
  ['chown of a link changes what it leads to', 'touch f; ln -s f l; chown 5:6 l; stat -c %u:%g l f', ['0:0', '5:6']],
  [
    'names of one file have one owner',
    'touch f; ln f hard; chown 9:9 hard; stat -c %u:%g f; rm hard; stat -c %u:%g f',
    ['9:9', '9:9'],
  ],
  ['a name that comes again has no owner yet', 'touch r; chown 7:7 r; rm r; touch r; stat -c %u:%g r', ['0:0']],
  ['an emptied directory as well', 'mkdir d; chown 7:7 d; rmdir d; mkdir d; stat -c %u:%g d', ['0:0']],
  ['a file keeps its owner when it is renamed', 'touch a; chown 8:8 a; mv a b; stat -c %u:%g b', ['8:8']],
  [
    'a file renamed over another keeps its own owner',
    'touch a b; chown 8:8 a; chown 9:9 b; mv a b; touch c; stat -c %u:%g b c',
    ['8:8', '0:0'],
  ],
  [
    'mknod makes devices to look at',
    'mknod n c 1 3; mknod b b 7 300; stat -c "%F %t:%T %a" n b',
    ['character special file 1:3 644', 'block special file 7:12c 644'],
  ],
  [
    'a device keeps its owner and mode',
    'mknod -m 620 n c 4 1; chown 0:5 n; stat -c "%u:%g %a" n; ls -ln n | cut -c1-10',
    ['0:5 620', 'crw--w----'],
  ],
  ['a named pipe is a named pipe', 'mknod p p; chown 3:3 p; stat -c "%F %u" p', ['fifo 3']],
  [
    'chown drops set-id bits of files',
    'touch f; chmod 6755 f; chown 1:1 f; stat -c %a f; mkdir d; chmod 2755 d; chown 1:1 d; stat -c %a d',
    ['755', '2755'],
  ],
  [
    'in a set-group directory files get its group',
    'mkdir g; chown 0:33 g; chmod 2775 g; touch g/f; mkdir g/d; ln -s x g/l; stat -c "%u:%g %a" g/f g/d g/l',
    ['0:33 644', '0:33 2755', '0:33 777'],
  ],
  [
    'another user is that user',
    "su app -c 'id; id -un'",
    ['uid=1000(app) gid=1000(app) groups=44(extra),1000(app)', 'app'],
  ],
  [
    "another user's files are its own",
    "su app -c 'cd /home/app; touch f; mkdir d; ln -s f l; umask 077; echo x >g; mkdir -m 711 e; mknod p p'; stat -c '%n %u:%g %a' /home/app/*",
    [
      '/home/app/d 1000:1000 755',
      '/home/app/e 1000:1000 711',
      '/home/app/f 1000:1000 644',
      '/home/app/g 1000:1000 600',
      '/home/app/l 1000:1000 777',
      '/home/app/p 1000:1000 600',
    ],
  ],
  [
    'a file that is there keeps its owner when another user writes to it',
    "touch f; chmod 666 f; su app -c 'echo x >>/f'; stat -c '%u %s' f",
    ['0 2'],
  ],
  [
    'files made through a link are their makers',
    "ln -s /tmp/there l; su app -c 'echo x >/l'; stat -c %u /tmp/there; readlink l",
    ['1000', '/tmp/there'],
  ],
  [
    'another user may not chown',
    "touch f; su app -c 'chown 1000 /f' 2>&1 | sed 's/.*: //'; su app -c 'touch /tmp/x; chown 0 /tmp/x' 2>&1 | sed 's/.*: //'; stat -c %u f /tmp/x",
    ['Operation not permitted', 'Operation not permitted', '0', '1000'],
  ],
  [
    'another user may give files to its groups',
    "su app -c 'touch /tmp/x; chown :44 /tmp/x && chown :33 /tmp/x || stat -c %g /tmp/x' 2>/dev/null",
    ['44'],
  ],
  [
    'another user may not make devices',
    "su app -c 'mknod /tmp/n c 1 3' 2>&1 | sed 's/.*: //'",
    ['Operation not permitted'],
  ],
  [
    'what a daemon makes later is its own',
    "su app -c '(sleep 0.2; touch /tmp/late) & '; sleep 0.5; stat -c %u /tmp/late",
    ['1000'],
  ],
  [
    'tar keeps owners and devices',
    'mkdir s o; touch s/f; chown 33:34 s/f; mknod s/n c 1 3; tar cf t.tar s; tar xf t.tar -C o; stat -c "%u:%g %F" o/s/f o/s/n',
    ['33:34 regular empty file', '0:0 character special file'],
  ],
  ['cp keeps owners', 'mkdir s; touch s/f; chown -R 12:13 s; cp -a s t; stat -c %u:%g t t/f', ['12:13', '12:13']],
  ['find knows owners', 'touch x y; chown 77 y; find / -xdev -user 77', ['/y']],
  ['standard output may be given away', 'chown 1000 /dev/stdout /proc/self/fd/2 && echo done', ['done']],
  [
    '/proc/self is the process that asks',
    'cd /proc/self; test -d task && stat -c %F /proc/self/fd/0 . && readlink /proc/self/exe',
    ['symbolic link', 'directory', '/bin/busybox'],
  ],
  [
    'a link into /proc/self leads to the process that asks',
    'ln -s /proc/self/mounts /etc/mtab; stat -L -c %F /etc/mtab; grep -c " / " /etc/mtab',
    ['regular empty file', '1'],
  ],
  [
    'names mean what they mean after chroot',
    'mkdir -p j/bin j/tmp; cp /bin/busybox j/bin; touch j/f; chown 21:21 j/f; chroot j /bin/busybox sh -c "busybox stat -c %u /f; busybox touch /g; busybox chown 22 /g; busybox ln -s /g /l; busybox stat -L -c %u /l"; stat -c %u j/g; touch g; stat -c %u g',
    ['21', '22', '22', '0'],
  ],
  ['an empty name is nothing', 'stat "" 2>&1 | grep -c "No such file"', ['1']],
  [
    'a directory that is gone is gone',
    'mkdir d; cd d; rmdir ../d; stat -c %u . ; touch x 2>&1 | sed "s/.*: //"',
    ['0', 'No such file or directory'],
  ],
  [
    'errors are the usual ones',
    'chown 1 nothing 2>&1 | sed "s/.*: //"; mkdir bin 2>&1 | sed "s/.*: //"; touch nothing/x 2>&1 | sed "s/.*: //"',
    ['No such file or directory', 'File exists', 'No such file or directory'],
  ],
  ['long names work', 'n=$(seq -s / 1 700); mkdir -p $n; touch $n/f; chown 3 $n/f; stat -c %u $n/f', ['3']],
]

test.skipIf(!parts).each(CASES)('%s', (_, script, said) => {
  if (!parts) return
  const { code, stdout, stderr } = stepRoom(parts).run(script)
  expect({ said: stdout.split('\n').slice(0, -1), stderr, code }).toEqual({ said, stderr: '', code: 0 })
})

test.skipIf(!parts)('the table says what the disk can not', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const script = `touch f; chown 33:34 f; mknod n b 8 1; chown 5 n; touch r; su app -c 'touch /home/app/mine'; ln f hard; mkdir d; chown 1 d; rmdir d`
  const { owner, owners, code } = room.run(script)
  expect(code).toBe(0)
  expect(owner('f')).toMatchObject({ uid: 33, gid: 34, device: undefined, capability: undefined })
  expect(owner('hard')).toEqual(owner('f'))
  expect(owner('n')).toMatchObject({ uid: 5, gid: 0, device: { type: 'block', major: 8, minor: 1 } })
  expect(owner('home/app/mine')).toMatchObject({ uid: 1000, gid: 1000 })
  expect(owner('r')).toBeUndefined()
  expect(owners).toHaveLength(3)
  expect(lstatSync(join(room.root, 'n')).isFile()).toBe(true)
})

test.skipIf(!parts)('what is known before is seen, kept and changed', () => {
  if (!parts) return
  const room = stepRoom(parts)
  const device = { type: 'character', major: 5, minor: 2 } as const
  const known = formatHelperTable([
    [room.keyOf('etc/group'), { uid: 0, gid: 42 }],
    [room.keyOf('etc/passwd'), { uid: 3, gid: 4 }],
    [room.keyOf('bin/busybox'), { uid: 1, gid: 2, device }],
  ])
  const said = room.run('stat -c %u:%g /etc/group /etc/passwd; stat -c "%F %t:%T" /bin/busybox; chown 9 /etc/passwd', {
    known,
  })
  expect(said.stdout.split('\n')).toEqual(['0:42', '3:4', 'character special file 5:2', ''])
  expect(said.owner('etc/group')).toMatchObject({ uid: 0, gid: 42 })
  expect(said.owner('etc/passwd')).toMatchObject({ uid: 9, gid: 4 })
  expect(said.owner('bin/busybox')).toMatchObject({ uid: 1, gid: 2, device })
})

test.skipIf(!parts)('the user of the step is virtual, with its groups', () => {
  if (!parts) return
  const user = { uid: 1000, gid: 1000, groups: [33, 44] }
  const { stdout, owner } = stepRoom(parts).run('id; touch /home/app/x', { command: { user } })
  expect(stdout).toBe('uid=1000(app) gid=1000(app) groups=33(www),44(extra)\n')
  expect(owner('home/app/x')).toMatchObject({ uid: 1000, gid: 1000 })
})

test.skipIf(!parts)('a failed step has its owners told, too', () => {
  if (!parts) return
  const { code, owner } = stepRoom(parts).run('touch f; chown 3 f; exit 7')
  expect(code).toBe(7)
  expect(owner('f')).toMatchObject({ uid: 3 })
})

test.skipIf(!parts)('many processes at once keep their owners apart', () => {
  if (!parts) return
  const script = `for i in $(seq 1 8); do (for j in $(seq 1 40); do touch /tmp/$i.$j; chown $i:$j /tmp/$i.$j; rm -f /tmp/x$i; touch /tmp/x$i; done) & done; wait; stat -c '%n %u:%g' /tmp/* | sed 's/.tmp.//'`
  const { stdout, code } = stepRoom(parts).run(script)
  expect(code).toBe(0)
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(8 * 40 + 8)
  const wrong = lines.filter((line) => {
    const [, i, j, owner] = /^(\d+)\.(\d+) (.*)$/.exec(line) ?? []
    return i === undefined ? !line.endsWith(' 0:0') : owner !== `${i}:${j}`
  })
  expect(wrong).toEqual([])
})
