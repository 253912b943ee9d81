// Steps in a restricted pod touch no file of the machine by its name: those of the image are in its place.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Canaries, plantCanaries } from '../support/canaries.ts'
import { ENVIRONMENTS, environmentsNeed, inEnvironment } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { busyboxBase } from './busybox-base.ts'
import { glibcBase } from './environments/glibc-base.ts'
import { bin } from './tsbuild.ts'

const busybox = staticBusybox()
const ready =
  process.arch === 'x64' &&
  busybox !== undefined &&
  [isRoot('making a restricted pod'), ...environmentsNeed.map((name) => requires(name))].every(Boolean)

/** All that a careless script does to names that it believes to be its own. */
const CARELESS = [
  'cat /canary /tmp/canary /home/canary /etc/app/canary /root/.profile /srv/../data/a ../../var/lib/f',
  'ls -laR /tmp /home /srv /data /mnt /app /work /src /cache /out /media /root /run /var /etc/app',
  'find / -xdev -name "*canary*" -exec cat {} +',
  'echo step >>/canary; echo step >/tmp/a; echo step >/home/app/f; echo step >/data/new; echo step >/etc/app/config',
  'mkdir -p /srv/d/e /mnt/d; ln -s /tmp/canary /srv/link; ln -s ../../../../home/canary /link; cat /srv/link /link',
  'ln /tmp/b /tmp/hard; mv /tmp/x /tmp/y; mv /src/foo /work/foo; cp -a /home /copy; cp -rp /data/. /copied',
  'chmod -R 0 /data /media; chmod 755 /data /media; chown -R 33:33 /app /cache; touch -d @1 /out/a /out/new',
  'rm -rf /tmp/* /tmp/.canary /home/* /var/tmp /cache /root/.profile; rmdir /mnt /out',
  'tar -C / -cf /all.tar home srv data tmp var etc/app; tar -C /srv -xf /all.tar',
  'sed -i s/canary/step/ /src/a /src/b /canary; truncate -s 0 /work/a; dd if=/dev/zero of=/work/b bs=1 count=1',
  'cd /home/app && cat canary f; cd /tmp && cat ./canary ../canary; (cd /data; pwd; echo step >out.txt)',
  'mknod /tmp/node p; mkfifo /srv/fifo; split -b 1 /work/test; unlink /src/test; link /src/a /src/l; sync /src/a',
  'cat /proc/self/root/canary /proc/1/root/canary /proc/self/cwd/canary /dev/../canary /proc/../canary',
  'chroot /home cat /canary; chroot / sh -c "cat /tmp/canary"; PATH=/tmp:/home:$PATH; canary; . /tmp/canary; sh /home/f',
  'grep -r canary / --exclude-dir=proc --exclude-dir=sys; du -s /home /srv; stat /tmp/canary; readlink -f /srv/canary',
  'su app -c "cat /home/app/canary"; id; wget -q -O /tmp/w file:///canary; install -m 600 /tmp/f /srv/i; xargs cat </tmp/a',
]

const DOCKERFILE = (base: string): string =>
  [
    `FROM ${base}`,
    ...CARELESS.map((script) => `RUN ( ${script} ) >>/log 2>&1; true`),
    'RUN --mount=type=cache,target=/cache --mount=type=tmpfs,target=/tmp --mount=type=bind,target=/src,rw \\',
    '  cat /cache/canary /tmp/canary /src/canary >>/log 2>&1; echo step >/cache/a; echo step >/tmp/a; echo step >/src/a; rm -rf /cache/* /tmp/* /src/*',
    '',
  ].join('\n')

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-untouched-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!ready)('in a restricted pod', () => {
  const { uid } = ENVIRONMENTS.restricted
  let canaries: Canaries

  /** Runs a command in the pod, whose root has the canaries. */
  const inPod = (command: readonly string[], before: (home: string) => void = () => undefined) =>
    inEnvironment('restricted', command, { root: canaries.root, before, timeout: 300 })

  beforeAll(async () => {
    if (busybox === undefined) return
    await busyboxBase(busybox, directory)
    await glibcBase(directory)
  })

  test.each(['base', 'glibc'])(
    'careless steps on the base %s read and change no file of the pod',
    (base) => {
      canaries = plantCanaries(join(directory, `canaries-${base}`), uid)
      const archive = join(directory, `${base}.tar`)
      writeFileSync(archive, '')
      const { status, stderr } = inEnvironment(
        'restricted',
        [
          'sh',
          '-c',
          'exec node "$0" build --progress=plain --isolation=virtual --build-context "$1=oci-layout://$HOME/base" -o "type=tar,dest=$HOME/out.tar" "$HOME/context"',
          bin,
          base,
        ],
        {
          root: canaries.root,
          timeout: 300,
          before: (home) => {
            cpSync(join(directory, base), join(home, 'base'), { recursive: true })
            mkdirSync(join(home, 'context'))
            writeFileSync(join(home, 'context/Dockerfile'), DOCKERFILE(base))
            run('chown', ['-R', `${uid}:${uid}`, home])
          },
          after: (home) => cpSync(join(home, 'out.tar'), archive),
        },
      )
      expect(stderr).toMatch(/ran in +virtual/)
      expect(status).toBe(0)
      expect(canaries.touched()).toEqual([])
      const log = run('tar', ['-xOf', archive, 'log'])
      expect(log).toMatch(/can't open '\/canary': No such file|\/canary: No such file/)
      expect(log).not.toMatch(/^canary \//m)
    },
    400_000,
  )

  test('a touched file is noticed', () => {
    canaries = plantCanaries(join(directory, 'canaries-touched'), uid)
    const script = 'cat /tmp/canary; ls /home; echo >/srv/new; chmod 700 /data/a; rm /mnt/f; echo >>/etc/hosts'
    expect(inPod(['sh', '-c', script]).status).toBe(0)
    const lines = canaries.touched().map((line) => line.slice(canaries.root.length).split(/ was | is /)[0])
    expect(lines.sort()).toEqual(['/data/a', '/etc/hosts', '/home', '/mnt/f', '/srv/new', '/tmp/canary'])
  })
})
