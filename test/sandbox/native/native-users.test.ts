// The programs that change users in real images: each gives what it gives in a container with real users.
import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDebianMirror } from '../../support/debian-base.ts'
import { isRoot } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'
import { giveToPlainUser, nativeParts, type Outcome, roomOf } from './native-step.ts'

const parts = nativeParts()
const ready = parts !== undefined && isRoot('making a Debian') && requires('mmdebstrap') && hasDebianMirror()

const PACKAGES = 'sudo gosu s6 runit daemontools opendoas nodejs python3-minimal libcap2-bin passwd login util-linux'

const ROOT = { uid: 0, gid: 0, groups: [] }
const APP = { uid: 1000, gid: 1000, groups: [33] }
const LIMITED = [{ name: 'rttime', soft: 4000, hard: 9000 }]

/** Scripts and the lines that they print, run by root and by another user. */
const CASES: Readonly<Record<'root' | 'app', readonly (readonly [script: string, said: readonly string[]])[]>> = {
  app: [
    ['sudo id -u', ['0']],
    ['sudo -n -u backup id -un', ['backup']],
    ['sudo -g backup id -gn', ['backup']],
    ['sudo -u www-data -g backup sh -c "id -un; id -gn"', ['www-data', 'backup']],
    [`V=kept sudo -E sh -c 'echo $V; id -u'`, ['kept', '0']],
    ['sudo sh -c "touch /tmp/s; chown backup /tmp/s"; stat -c %U /tmp/s', ['backup']],
    ['sudo -n true && sudo sudo -u app sudo id -un; id -un', ['root', 'app']],
    ["sudo su -s /bin/sh www-data -c 'id -un'", ['www-data']],
    ['doas id -un; doas -u backup id -un', ['root', 'backup']],
    ["sg www-data 'id -gn'", ['www-data']],
    ['echo "id -gn; id -un" | newgrp www-data', ['www-data', 'app']],
    ['sudo prlimit --rttime --raw --noheadings -o SOFT,HARD', ['unlimited unlimited']],
    ['su root -c id 2>/dev/null </dev/null; echo $?', ['1']],
  ],
  root: [
    ["su app -c 'id -un; id -Gn'", ['app', 'app www-data']],
    ["su - app -c 'id -un; pwd'", ['app', '/home/app']],
    ["su -s /bin/sh www-data -c 'id -un; touch /tmp/w; stat -c %U:%G /tmp/w'", ['www-data', 'www-data:www-data']],
    ['prlimit --rttime=7:8 gosu app prlimit --rttime --raw --noheadings -o SOFT,HARD', ['7 8']],
    ['sudo -u app id -un; sudo -u app sudo id -un', ['app', 'root']],
    ['gosu app id -un; gosu app:backup id -gn; gosu 77:88 id -u', ['app', 'backup', '77']],
    ["runuser -u app -- id -un; runuser app -c 'id -Gn'; runuser - app -c pwd", ['app', 'app www-data', '/home/app']],
    ['setpriv --reuid=app --regid=app --init-groups id -Gn', ['app www-data']],
    [
      'setpriv --reuid=5 --regid=6 --clear-groups sh -c "id -u; id -G; chown 0 /tmp 2>/dev/null || echo no root"',
      ['5', '6', 'no root'],
    ],
    ['/sbin/capsh --keep=1 --user=app --groups=33 --gid=8 -- -c "id -u; id -g"', ['1000', '8']],
    ['start-stop-daemon --start --chuid app:backup --exec /usr/bin/id -- -un', ['app']],
    ['chroot --userspec=app:backup / sh -c "id -un; id -gn"', ['app', 'backup']],
    ['s6-setuidgid app id -un; s6-applyuidgid -u 5 -g 6 -G 7,8 id -G', ['app', '6 7 8']],
    ['setuidgid app id -un; chpst -u app:www-data:backup id -Gn', ['app', 'www-data backup']],
    [
      `python3 -c 'import os; os.setgroups([33]); os.setgid(1000); os.setuid(1000); print(os.getresuid(), os.getgroups())'`,
      ['(1000, 1000, 1000) [33]'],
    ],
    [
      `python3 -c 'import subprocess as s; print(s.run(["id", "-un"], user="app", group="app", extra_groups=[], capture_output=True, text=True).stdout, end="")'`,
      ['app'],
    ],
    [
      `node -e 'process.initgroups("app", 1000); process.setgid("app"); process.setuid("app"); console.log(process.getuid(), process.getgroups().join()); require("fs").writeFileSync("/tmp/n", ""); console.log(require("fs").statSync("/tmp/n").uid)'`,
      ['1000 33,1000', '1000'],
    ],
    [
      `node -e 'console.log(require("child_process").execFileSync("id", ["-u"], { uid: 1000, gid: 1000, encoding: "utf8" }).trim())'`,
      ['1000'],
    ],
    [`perl -e '$) = "1000 33"; $> = 1000; print "$> $)\\n"; $> = 0; print "$>\\n"'`, ['1000 1000 33', '0']],
    ['sleep 9 & prlimit --pid $! --rttime=5:6; prlimit --pid $! --rttime --raw --noheadings -o SOFT,HARD', ['5 6']],
    ['sleep 9 & prlimit --pid $! --raw --noheadings -o RESOURCE,SOFT | grep RTTIME; id -u', ['RTTIME unlimited', '0']],
    ['ulimit -a >/dev/null; ulimit -n 100; ulimit -n; id -u', ['100', '0']],
  ],
}

describe.skipIf(!ready)('in Debian', () => {
  const home = mkdtempSync(join(tmpdir(), 'tsbuild-users-'))
  const root = join(home, 'root')
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  beforeAll(() => {
    chmodSync(home, 0o755)
    mkdirSync(join(home, 'scratch'))
    const excluded = ['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
    const argv = ['--quiet', '--variant=essential', `--include=${PACKAGES}`, ...excluded, 'bookworm', root]
    const made = spawnSync('mmdebstrap', argv, { encoding: 'utf8' })
    expect({ status: made.status, stderr: made.status === 0 ? '' : made.stderr }).toEqual({ status: 0, stderr: '' })
    appendFileSync(join(root, 'etc/passwd'), 'app:x:1000:1000::/home/app:/bin/sh\n')
    appendFileSync(join(root, 'etc/shadow'), 'app:*:19000::::::\n')
    appendFileSync(join(root, 'etc/group'), 'app:x:1000:\n')
    spawnSync('sed', ['-i', 's/^www-data:.*/&app/', join(root, 'etc/group')])
    mkdirSync(join(root, 'home/app'))
    writeFileSync(join(root, 'etc/sudoers.d/app'), '%app ALL=(ALL:ALL) NOPASSWD:SETENV: ALL\n', { mode: 0o440 })
    writeFileSync(join(root, 'etc/doas.conf'), 'permit nopass app\npermit nopass keepenv root\n', { mode: 0o400 })
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost step\n')
    // chown clears the set-id bits.
    const setIds = spawnSync('find', [root, '-type', 'f', '-perm', '-4000'], { encoding: 'utf8' }).stdout.trim()
    giveToPlainUser(home)
    for (const path of setIds.split('\n')) chmodSync(path, 0o4755)
  }, 600_000)

  const run = (user: typeof APP, script: string, resourceLimits: typeof LIMITED = []): Outcome => {
    if (!parts) throw new Error('no helper')
    const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']
    return roomOf(parts, home).run(['sh', '-c', script], { command: { user, env, resourceLimits } })
  }
  const lines = ({ stdout, stderr, code }: Outcome): unknown => ({ said: stdout.trim().split('\n'), stderr, code })

  test.each(CASES.app)('another user: %s', (script, said) => {
    expect(lines(run(APP, script))).toEqual({ said, stderr: '', code: 0 })
  })

  test.each(CASES.root)('root: %s', (script, said) => {
    expect(lines(run(ROOT, script))).toEqual({ said, stderr: '', code: 0 })
  })

  test('a limit of the step itself is seen, and changes no user', () => {
    const script = "prlimit --rttime --raw --noheadings -o SOFT,HARD; su app -c 'id -un; sudo id -un'"
    expect(lines(run(ROOT, script, LIMITED))).toEqual({ said: ['4000 9000', 'app', 'root'], stderr: '', code: 0 })
  })
})
