// RUN as users meet it: another process builds, and what it made is looked at.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { staticBusybox } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { type Run, type RunOptions, succeed, tsbuild } from './tsbuild.ts'

const busybox = staticBusybox()
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-run-'))
const store = join(directory, 'shared')
let base = ''
beforeAll(async () => {
  if (busybox !== undefined) base = await busyboxBase(busybox, directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Step {
  readonly dockerfile: string
  readonly files?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly options?: Partial<RunOptions>
}

function prepare({ dockerfile, files = {}, args = [] }: Step): string[] {
  const context = temporaryDirectory()
  for (const [name, text] of Object.entries({ ...files, Dockerfile: dockerfile })) {
    mkdirSync(join(context, name, '..'), { recursive: true })
    writeFileSync(join(context, name), text)
  }
  return ['--progress=plain', '--build-context', `base=oci-layout://${base}`, ...args, context]
}

const build = (step: Step): Promise<Run> => tsbuild(prepare(step), { store, ...step.options })

/** The files that a stage leaves in /out. */
async function outputOf(step: Step): Promise<string> {
  const out = temporaryDirectory()
  const dockerfile = `${step.dockerfile}\nFROM scratch\nCOPY --from=0 /out /out\n`
  await succeed(prepare({ ...step, dockerfile, args: [...(step.args ?? []), '-o', out] }), { store, ...step.options })
  return readFileSync(join(out, 'out'), 'utf8')
}

/** The files of the last stage as `tar -tv` lists them, without sizes and times. */
async function listing(step: Step): Promise<string[]> {
  const out = join(temporaryDirectory(), 'out.tar')
  await succeed(prepare({ ...step, args: [...(step.args ?? []), '-o', `type=tar,dest=${out}`] }), { store })
  const lines = run('tar', ['--numeric-owner', '-tvf', out]).trim().split('\n')
  return lines.map((line) => line.replace(/^(\S+ \S+) +\S+ \S+ \S+ /, '$1 '))
}

describe.skipIf(busybox === undefined)('RUN', () => {
  test('a cache that a step mounts twice is one directory, locked once', async () => {
    const mount = (target: string) => `--mount=type=cache,target=${target},id=twice,sharing=locked`
    const dockerfile = `FROM base\nRUN ${mount('/a')} ${mount('/b')} echo same > /a/f && cat /b/f > /out`
    expect(await outputOf({ dockerfile })).toBe('same\n')
  })

  test('steps that lock the same caches in opposite orders do not wait for each other', async () => {
    const mount = (target: string, id: string) => `--mount=type=cache,target=${target},id=${id},sharing=locked`
    const step = (first: string, second: string) =>
      `RUN ${mount('/a', first)} ${mount('/b', second)} sleep 0.1 && echo ${first} > /out`
    const stages = ['xy', 'yx'].map((order, at) => `FROM base AS s${at}\n${step(order[0] ?? '', order[1] ?? '')}\n`)
    const dockerfile = `${stages.join('')}FROM base\nCOPY --from=s0 /out /0\nCOPY --from=s1 /out /1\nRUN cat /0 /1 > /out`
    const { code } = await build({ dockerfile })
    expect(code).toBe(0)
  })

  test.each<[string, Step, string]>([
    ['the shell form', { dockerfile: 'FROM base\nRUN echo $((40 + 2)) > /out' }, '42\n'],
    [
      'the exec form',
      { dockerfile: 'FROM base\nRUN ["/bin/cp", "/etc/group", "/out"]' },
      'root:x:0:\napp:x:1001:\nvideo:x:44:app\n',
    ],
    ['SHELL', { dockerfile: 'FROM base\nSHELL ["/bin/sh", "-xc"]\nRUN echo hi > /out' }, 'hi\n'],
    ['a heredoc', { dockerfile: 'FROM base\nRUN <<EOF\necho one > /out\necho two >> /out\nEOF' }, 'one\ntwo\n'],
    [
      'a heredoc with a #! line',
      { dockerfile: 'FROM base\nRUN <<EOF\n#!/bin/awk -f\nBEGIN { print 6 * 7 > "/out" }\nEOF' },
      '42\n',
    ],
    ['a heredoc as input', { dockerfile: 'FROM base\nRUN cat > /out <<EOF\ntext\nEOF' }, 'text\n'],
    [
      'ENV, ARG and the base’s environment',
      { dockerfile: 'FROM base\nENV A=1\nARG B=2\nRUN echo $A$B$FROM_BASE > /out', args: ['--build-arg', 'B=3'] },
      '13yes\n',
    ],
    [
      'the environment, and nothing of the builder’s',
      { dockerfile: 'FROM base\nRUN env | sort > /out', options: { env: { BUILDER_TOKEN: 'secret' } } },
      'FROM_BASE=yes\nHOME=/root\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\nSHLVL=1\n',
    ],
    [
      'USER with its groups and home',
      {
        dockerfile:
          'FROM base\nRUN mkdir -m 777 /o\nUSER app\nRUN echo $(id -u):$(id -G) $HOME > /o/x\nUSER root\nRUN cp /o/x /out',
      },
      '1000:1001 44 /home/app\n',
    ],
    [
      'USER by numbers',
      {
        dockerfile:
          'FROM base\nRUN mkdir -m 777 /o\nUSER 5:6\nRUN echo $(id -u):$(id -G) $HOME > /o/x\nUSER root\nRUN cp /o/x /out',
      },
      '5:6 /\n',
    ],
    ['WORKDIR', { dockerfile: 'FROM base\nWORKDIR /a/b\nRUN pwd > /out' }, '/a/b\n'],
    [
      'a proxy',
      {
        dockerfile: 'FROM base\nRUN echo $HTTP_PROXY $http_proxy > /out',
        args: ['--build-arg', 'HTTP_PROXY=http://p'],
      },
      'http://p http://p\n',
    ],
    [
      '/etc/hosts',
      {
        dockerfile: 'FROM base\nRUN grep -c buildkitsandbox /etc/hosts > /out; grep 10.1 /etc/hosts >> /out',
        args: ['--add-host', 'db:10.1.2.3'],
      },
      '1\n10.1.2.3\tdb\n',
    ],
    ['--network=none', { dockerfile: 'FROM base\nRUN --network=none ls /sys/class/net > /out' }, 'lo\n'],
    ['--ulimit', { dockerfile: 'FROM base\nRUN ulimit -n > /out', args: ['--ulimit', 'nofile=77:99'] }, '77\n'],
    [
      '--shm-size',
      { dockerfile: "FROM base\nRUN df /dev/shm | awk 'NR==2 {print $2}' > /out", args: ['--shm-size', '3m'] },
      '3072\n',
    ],
    [
      'a heredoc whose name has a space',
      { dockerfile: 'FROM base\nRUN <<"END OF IT"\necho done > /out\nEND OF IT' },
      'done\n',
    ],
    ['its input is empty', { dockerfile: 'FROM base\nRUN wc -c > /out' }, '0\n'],
  ])('%s', async (_name, step, expected) => {
    expect(await outputOf(step)).toBe(expected)
  })

  test.each<[string, Step, string]>([
    [
      'a bind of the context',
      { dockerfile: 'FROM base\nRUN --mount=target=/ctx cat /ctx/a/b > /out', files: { 'a/b': 'b' } },
      'b',
    ],
    [
      'a bind of one file',
      { dockerfile: 'FROM base\nRUN --mount=source=a/b,target=/x/y cat /x/y > /out', files: { 'a/b': 'b' } },
      'b',
    ],
    [
      'a bind is read-only',
      { dockerfile: 'FROM base\nRUN --mount=target=/ctx touch /ctx/new 2>/dev/null || echo refused > /out' },
      'refused\n',
    ],
    [
      'what is written to a bind is lost',
      { dockerfile: 'FROM base\nRUN --mount=target=/ctx,rw echo x > /ctx/new\nRUN --mount=target=/ctx ls /ctx > /out' },
      'Dockerfile\n',
    ],
    [
      'a bind relative to WORKDIR',
      { dockerfile: 'FROM base\nWORKDIR /w\nRUN --mount=target=ctx ls /w > /out' },
      'ctx\n',
    ],
    [
      'tmpfs',
      {
        dockerfile:
          'FROM base\nRUN --mount=type=tmpfs,target=/t,size=2m echo x > /t/f && ls /t > /out\nRUN ls / | grep -c "^t$" >> /out || true',
      },
      'f\n0\n',
    ],
    [
      'tmpfs is for everybody where it covers nothing, else as what it covers',
      {
        dockerfile:
          'FROM base\nRUN mkdir -m 711 /old\nUSER 5\nRUN --mount=type=tmpfs,target=/t --mount=type=tmpfs,target=/old stat -c %a /t /old > /t/out && cat /t/out\nUSER 0\nRUN --mount=type=tmpfs,target=/t --mount=type=tmpfs,target=/old stat -c %a /t /old > /out',
      },
      '1777\n711\n',
    ],
    [
      'tmpfs that is read-only',
      {
        dockerfile: 'FROM base\nRUN --mount=type=tmpfs,target=/t,ro touch /t/x 2>/dev/null || echo refused > /out',
      },
      'refused\n',
    ],
    [
      'a mount in another is made after it, wherever it is written',
      {
        dockerfile:
          'FROM base\nRUN --mount=source=a,target=/t/in --mount=type=tmpfs,target=/t ls /t /t/in | xargs echo > /out',
        files: { 'a/b': 'b' },
      },
      '/t: in /t/in: b\n',
    ],
    [
      'a cache has the mode that it is given, without special bits',
      {
        dockerfile: 'FROM base\nRUN --mount=type=cache,target=/c,id=special,mode=3775,uid=5 stat -c %a:%u /c > /out',
      },
      '775:5\n',
    ],
    [
      'a secret file',
      {
        dockerfile:
          'FROM base\nRUN --mount=type=secret,id=s cat /run/secrets/s > /out; stat -c %a:%u /run/secrets/s >> /out',
        args: ['--secret', 'id=s,env=MY_SECRET'],
        options: { env: { MY_SECRET: 'hush' } },
      },
      'hush400:0\n',
    ],
    [
      'a secret variable',
      {
        dockerfile: 'FROM base\nRUN --mount=type=secret,id=s,env=TOKEN echo $TOKEN | wc -c > /out',
        args: ['--secret', 'id=s,env=MY_SECRET'],
        options: { env: { MY_SECRET: 'hush' } },
      },
      '5\n',
    ],
    [
      'a secret with a target below the WORKDIR',
      {
        dockerfile:
          'FROM base\nWORKDIR /app/in\nRUN --mount=type=secret,id=s,target=key --mount=type=secret,id=s,target=../up/key cat key /app/up/key > /out',
        args: ['--secret', 'id=s,env=MY_SECRET'],
        options: { env: { MY_SECRET: 'hush' } },
      },
      'hushhush',
    ],
    [
      'a bind, a cache and a tmpfs with a target below the WORKDIR',
      {
        dockerfile:
          'FROM base\nWORKDIR /app\nRUN --mount=target=b --mount=type=cache,id=rel,target=./c --mount=type=tmpfs,target=t/t ls -d /app/b/Dockerfile /app/c /app/t/t > /out',
      },
      '/app/b/Dockerfile\n/app/c\n/app/t/t\n',
    ],
    [
      'a secret from a variable that is not set',
      {
        dockerfile: 'FROM base\nRUN --mount=type=secret,id=s wc -c /run/secrets/s > /out',
        args: ['--secret', 'id=s,env=TSBUILD_TEST_UNSET'],
      },
      '0 /run/secrets/s\n',
    ],
    [
      'a secret that nobody gave',
      { dockerfile: 'FROM base\nRUN --mount=type=secret,id=s ls /run/secrets 2>/dev/null | wc -l > /out' },
      '0\n',
    ],
  ])('--mount: %s', async (_name, step, expected) => {
    expect(await outputOf(step)).toBe(expected)
  })

  test('--mount: a stage', async () => {
    const dockerfile =
      'FROM base AS made\nRUN mkdir /m && echo made > /m/f\nFROM base AS last\nRUN --mount=from=made,source=/m,target=/from cp /from/f /out\nFROM scratch\nCOPY --from=last /out /'
    const out = temporaryDirectory()
    await succeed(prepare({ dockerfile, args: ['-o', out] }), { store })
    expect(readFileSync(join(out, 'out'), 'utf8')).toBe('made\n')
  })

  test('--mount: a cache outlives builds, and is in no layer', async () => {
    const dockerfile = (n: number): string =>
      `FROM base\nRUN --mount=type=cache,target=/cache,id=outlives echo ${n} >> /cache/log && cp /cache/log /out`
    expect(await outputOf({ dockerfile: dockerfile(1) })).toBe('1\n')
    expect(await outputOf({ dockerfile: dockerfile(2) })).toBe('1\n2\n')
    const files = await listing({ dockerfile: dockerfile(2) })
    expect(files.filter((line) => line.includes('cache'))).toEqual([])
  })

  test('--mount: an ssh agent', async () => {
    const socket = join(temporaryDirectory(), 'agent')
    const agent = createServer((client) => client.end('agent says hello\n')).listen(socket)
    try {
      const dockerfile = 'FROM base\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo $SSH_AUTH_SOCK > /out'
      expect(await outputOf({ dockerfile, args: ['--ssh', `default=${socket}`] })).toBe('/run/buildkit/ssh_agent.0\n')
    } finally {
      agent.close()
    }
  })

  test('--mount: an ssh agent with a target below the WORKDIR', async () => {
    const socket = join(temporaryDirectory(), 'agent')
    const agent = createServer((client) => client.end()).listen(socket)
    try {
      const dockerfile =
        'FROM base\nWORKDIR /app\nRUN --mount=type=ssh,target=agent test -S /app/agent && echo $SSH_AUTH_SOCK > /out'
      expect(await outputOf({ dockerfile, args: ['--ssh', `default=${socket}`] })).toBe('/app/agent\n')
    } finally {
      agent.close()
    }
  })

  test('a secret from a variable that is not set gives a warning', async () => {
    const dockerfile = 'FROM base\nRUN --mount=type=secret,id=s test -f /run/secrets/s'
    const { stderr } = await succeed(prepare({ dockerfile, args: ['--secret', 'id=s,env=TSBUILD_TEST_UNSET'] }), {
      store,
    })
    expect(stderr).toContain('the secret "s" is empty: the variable TSBUILD_TEST_UNSET is not set')
  })

  test.each([
    ['mode', 'chmod 700 /'],
    ['owner', 'chown 1000:1001 /'],
  ])('a step that changes the %s of / gives a warning, and the image keeps it', async (what, command) => {
    const dockerfile = `FROM base\nRUN ${command} && touch /made\nRUN stat -c %a:%u:%g / > /out`
    const { stderr } = await succeed(prepare({ dockerfile }), { store: temporaryDirectory() })
    expect(stderr).toContain(`the step changed the ${what} of /`)
    expect(await outputOf({ dockerfile })).toBe('755:0:0\n')
  })

  test('a step that leaves / as it is gives no warning', async () => {
    const dockerfile = 'FROM base\nRUN mkdir /x && chmod 700 /x && touch /y && rm -r /x\nUSER app\nRUN true'
    const { stderr } = await succeed(prepare({ dockerfile }), { store: temporaryDirectory() })
    expect(stderr).not.toContain('warning')
  })

  test.each([
    ['RUN', 'FROM base\nRUN mkdir /c && touch /c/f'],
    ['WORKDIR', 'FROM base\nWORKDIR /c'],
    ['COPY', 'FROM base\nCOPY f /c/'],
  ])('--no-cache in one project leaves the steps of another cached: %s', async (_name, shared) => {
    const own = temporaryDirectory()
    const project = (name: string): Step => ({ dockerfile: `${shared}\nRUN echo ${name} > /out`, files: { f: 'f' } })
    await succeed(prepare(project('one')), { store: own })
    // Directories get the time of the build, in whole seconds.
    await wait(1100)
    const other = await succeed(prepare({ ...project('two'), args: ['--no-cache'] }), { store: own })
    expect(other.stderr.match(/DONE/g)).toHaveLength(2)
    for (const name of ['one', 'two']) {
      expect((await succeed(prepare(project(name)), { store: own })).stderr).not.toMatch(/DONE/)
    }
  })

  test('--no-cache replaces what came out differently', async () => {
    const own = temporaryDirectory()
    const dockerfile = 'FROM base\nRUN cat /proc/sys/kernel/random/uuid > /out'
    const read = async (...args: string[]): Promise<string> => {
      const out = temporaryDirectory()
      await succeed(prepare({ dockerfile, args: [...args, '-o', out] }), { store: own })
      return readFileSync(join(out, 'out'), 'utf8')
    }
    const first = await read()
    const second = await read('--no-cache')
    expect(second).not.toBe(first)
    expect(await read()).toBe(second)
  })

  test('the layer has what changed, with its owners, and nothing of the mounts', async () => {
    const dockerfile = [
      'FROM base',
      'RUN mkdir -p /d/e /gone/deep && touch /gone/deep/f /d/same && echo 1 > /d/e/f',
      'RUN --mount=type=tmpfs,target=/only/here chown app:44 /d/e && chmod 2750 /d/e && ln /d/e/f /d/e/g && ln -s f /d/e/h \\',
      '  && rm -rf /gone && mkfifo /d/p && cp /bin/busybox /d/set && chmod 4755 /d/set && chmod 644 /d/same',
    ].join('\n')
    const found = (await listing({ dockerfile })).filter((line) => /^\S+ \S+ (d|gone|only|run)\//.test(line))
    expect(found).toEqual([
      'drwxr-xr-x 0/0 d/',
      'drwxr-s--- 1000/44 d/e/',
      '-rw-r--r-- 0/0 d/e/f',
      'hrw-r--r-- 0/0 d/e/g link to d/e/f',
      'lrwxrwxrwx 0/44 d/e/h -> f',
      'prw-r--r-- 0/0 d/p',
      '-rw-r--r-- 0/0 d/same',
      '-rwsr-xr-x 0/0 d/set',
    ])
  })

  test('the same build again runs nothing', async () => {
    const dockerfile = 'FROM base\nRUN date > /now\nRUN true'
    await succeed(prepare({ dockerfile }), { store })
    const { stderr } = await succeed(prepare({ dockerfile }), { store })
    expect(stderr).not.toMatch(/DONE/)
    expect(stderr).not.toMatch(/ran in/)
  })

  test('a secret changes no key and reaches no file of the store', async () => {
    const fresh = temporaryDirectory()
    const dockerfile =
      'FROM base\nRUN --mount=type=secret,id=s --mount=type=secret,id=s,env=S test -n "$S" && cp /etc/group /copy'
    const secret = (text: string): Partial<RunOptions> => ({ env: { MY_SECRET: text } })
    const args = ['--secret', 'id=s,env=MY_SECRET']
    await succeed(prepare({ dockerfile, args }), { store: fresh, ...secret('first-very-secret-text') })
    const again = await succeed(prepare({ dockerfile, args }), { store: fresh, ...secret('second-very-secret-text') })
    expect(again.stderr).toMatch(/CACHED/)
    expect(again.stderr).not.toMatch(/ran in/)
    const found = run('sh', ['-c', 'grep -rl -e first-very-secret -e second-very-secret "$1" || true', 'sh', fresh])
    expect(found).toBe('')
  })

  test('a failing step says which command, where, and its last lines', async () => {
    const { code, stderr } = await build({
      dockerfile: 'FROM base\nRUN echo about to fail; echo to stderr >&2; exit 7',
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /Dockerfile:2:1: error: process "\/bin\/sh -c .*" did not complete successfully: exit code: 7 \[RUN_FAILED\]/,
    )
    expect(stderr).toMatch(/> 2 \| RUN echo about to fail/)
    expect(stderr).toMatch(/its last output:\n {2}(about to fail|to stderr)\n/)
  })

  test('a failed step can be looked at, and gone on in', async () => {
    const fresh = temporaryDirectory()
    const dockerfile = 'FROM base\nENV E=kept\nWORKDIR /w\nRUN echo half > done && false'
    const failed = await tsbuild(prepare({ dockerfile, args: ['--keep-failed'] }), { store: fresh })
    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/tsbuild shell [0-9a-f]{8}/)
    const look = await tsbuild(['shell', '-c', 'echo $E; pwd; cat done; echo more >> done; exit 3'], { store: fresh })
    expect(look).toMatchObject({ code: 3, stdout: 'kept\n/w\nhalf\n' })
    expect((await tsbuild(['shell', '-c', 'cat done'], { store: fresh })).stdout).toBe('half\nmore\n')
    expect(await tsbuild(['shell', 'nothing'], { store: fresh })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/KEPT_STEP_NOT_FOUND/),
    })
  })

  test.each<[string, Step, string]>([
    ['an unknown user', { dockerfile: 'FROM base\nUSER nobody-here\nRUN true' }, 'RUN_USER_UNKNOWN'],
    ['a bind of nothing', { dockerfile: 'FROM base\nRUN --mount=source=missing,target=/x true' }, 'MOUNT_INVALID'],
    ['a mount over the root', { dockerfile: 'FROM base\nRUN --mount=type=tmpfs,target=/ true' }, 'MOUNT_INVALID'],
    ['a required secret', { dockerfile: 'FROM base\nRUN --mount=type=secret,id=s,required true' }, 'SECRET_NOT_FOUND'],
    ['a required agent', { dockerfile: 'FROM base\nRUN --mount=type=ssh,required true' }, 'SSH_AGENT_NOT_FOUND'],
    ['insecure without --allow', { dockerfile: 'FROM base\nRUN --security=insecure true' }, 'ENTITLEMENT_MISSING'],
    [
      'a device',
      { dockerfile: '# syntax=docker/dockerfile:1-labs\nFROM base\nRUN --device=vendor.com/x=y true' },
      'UNSUPPORTED',
    ],
  ])('%s is refused at its place', async (_name, step, code) => {
    const { code: exit, stderr } = await build(step)
    expect(exit).toBe(1)
    expect(stderr).toMatch(new RegExp(`Dockerfile:\\d+:\\d+: error: .*\\[${code}\\]`))
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    '%s ends a step with all its processes, and the next build works',
    async (signal) => {
      const mark = `9${Date.now() % 1_000_000}${signal.length}`
      const dockerfile = `FROM base\nRUN echo started; sleep ${mark} & setsid sleep ${mark} & sleep ${mark}`
      const fresh = temporaryDirectory()
      const killed = await tsbuild(prepare({ dockerfile }), { store: fresh, kill: { signal, when: /\d started/ } })
      expect(killed.code).not.toBe(0)
      for (let tries = 0; processes(mark).length > 0 && tries < 100; tries++) await wait(100)
      expect(processes(mark)).toEqual([])
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(fresh)
      await succeed(prepare({ dockerfile: 'FROM base\nRUN true' }), { store: fresh })
      const homes = readdirSync(join(fresh, 'sandbox'))
      expect(homes.flatMap((home) => readdirSync(join(fresh, 'sandbox', home, 'tmp')))).toEqual([])
    },
  )

  test('a stack of more layers than a mount takes', async () => {
    const steps = Array.from({ length: 130 }, (_, n) => `COPY --from=data /f /many/${n}`)
    const dockerfile = [
      'FROM scratch AS data',
      'COPY Dockerfile /f',
      'FROM base',
      ...steps,
      'RUN ls /many | wc -l > /out',
    ].join('\n')
    const out = temporaryDirectory()
    await succeed(prepare({ dockerfile: `${dockerfile}\nFROM scratch\nCOPY --from=1 /out /`, args: ['-o', out] }), {
      store,
    })
    expect(readFileSync(join(out, 'out'), 'utf8')).toBe('130\n')
  })

  test('steps of stages that need not wait for each other run at once', async () => {
    // Each waits for a file that the other makes in a cache: one after the other they would wait for ever.
    const meet = (mine: string, other: string): string =>
      `RUN --mount=type=cache,target=/c,id=meet-${store.length} touch /c/${mine}; n=0; until [ -e /c/${other} ] || [ $n -gt 200 ]; do sleep 0.1; n=$((n+1)); done; [ -e /c/${other} ]`
    const dockerfile = `FROM base AS a\n${meet('a', 'b')}\nFROM base AS b\n${meet('b', 'a')}\nFROM scratch\nCOPY --from=a /etc/group /a\nCOPY --from=b /etc/group /b`
    await succeed(prepare({ dockerfile }), { store: temporaryDirectory() })
  })
})

function processes(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/cmdline`)) return false
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`sleep\0${mark}`)
    } catch {
      // It ended meanwhile.
      return false
    }
  })
}
