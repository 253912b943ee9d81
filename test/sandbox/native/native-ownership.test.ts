// Owners where the disk has but one: the helper answers for chown, stat, mknod, setuid and their like, for
// static programs.
import { chmodSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatHelperTable } from '../../../lib/sandbox/ownership/helper-owner-table.ts'
import { nativeParts, stepRoom } from './native-step.ts'
import { OWNERSHIP_CASES } from './ownership-cases.ts'

const parts = nativeParts()

test.skipIf(!parts).each(OWNERSHIP_CASES)('%s', (_, script, said) => {
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

test.skipIf(!parts)('a file loses its set-id bits when another user writes to it', () => {
  if (!parts) return
  const files = 'touch own /tmp/open root; chown 1000 own; chmod 4755 own root; chmod 4777 /tmp/open'
  const script = `${files}; su app -c 'echo 1 >> /own; echo 1 >> /tmp/open'; echo 1 >> root; stat -c %a own /tmp/open root`
  expect(stepRoom(parts).run(script).stdout.split('\n')).toEqual(['755', '777', '4755', ''])
})

test.skipIf(!parts)('a set-id file of before the step keeps its bits when root writes to it', () => {
  if (!parts) return
  const room = stepRoom(parts)
  chmodSync(join(room.root, 'bin/calls'), 0o4755)
  const script = 'echo 1 >> /bin/calls; stat -c %a /bin/calls; sh -c "echo 1 >> /bin/calls"'
  expect(room.run(script, { kept: ['/bin/calls', '/not-there'] }).stdout).toBe('4755\n')
  expect(lstatSync(join(room.root, 'bin/calls')).mode & 0o7777).toBe(0o4755)
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
