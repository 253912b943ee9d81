// Every back-end guarantees this: a hostile image reaches nothing of the host, a step sees nothing of the
// builder, and a killed build leaves nothing behind.
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { type Run, type RunOptions, tsbuild } from './tsbuild.ts'

const busybox = staticBusybox()
const root = isRoot('all back-ends')
const proot = process.env['TSBUILD_TEST_PROOT']

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-isolation-'))
const jail = join(directory, 'jail')

interface Row {
  readonly name: string
  readonly isolation: string
  readonly available: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly within?: readonly string[]
}

/** No capabilities, and a user namespace in which no other can be made. */
const CONFINED =
  'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"'

/**
 * The whole machine, in a directory: a process in a chroot cannot create a user namespace, and nothing is
 * mounted without that capability.
 */
const MOUNTLESS =
  'mkdir -p "$0" && mount --rbind / "$0" && exec chroot "$0" setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"'

const ROWS: readonly Row[] = [
  { name: 'oci', isolation: 'oci', available: requires('runc') },
  { name: 'bwrap', isolation: 'bwrap', available: requires('bwrap') },
  { name: 'userns, the helper', isolation: 'userns', available: true },
  { name: 'userns, unshare', isolation: 'userns', available: true, env: { TSBUILD_SANDBOX_HELPER: '' } },
  { name: 'chroot', isolation: 'chroot', available: true },
  {
    name: 'chroot, where nothing can be mounted',
    isolation: 'chroot',
    available: true,
    within: ['unshare', '-m', '--propagation', 'private', 'sh', '-c', MOUNTLESS, jail],
  },
  {
    name: 'virtual',
    isolation: 'virtual',
    available: process.arch === 'x64',
    within: ['unshare', '-U', '-r', 'sh', '-c', CONFINED, 'sh'],
  },
  {
    name: 'proot',
    isolation: 'proot',
    available: proot !== undefined,
    env: { TSBUILD_PROOT: proot ?? '' },
    within: ['unshare', '-U', '-r', 'sh', '-c', CONFINED, 'sh'],
  },
]

let base = ''
beforeAll(async () => {
  if (busybox !== undefined) base = await busyboxBase(busybox, directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const rows = ROWS.filter(({ available }) => available)
describe.skipIf(busybox === undefined || !root).each(rows)('$name', ({ name, isolation, env, within = [] }) => {
  /** `links` are symbolic links below `root` in the context. */
  const build = (
    dockerfile: string,
    args: readonly string[],
    options: RunOptions,
    links: Readonly<Record<string, string>> = {},
  ): Promise<Run> => {
    const context = temporaryDirectory()
    for (const [name, target] of Object.entries(links)) {
      mkdirSync(join(context, 'root', name, '..'), { recursive: true })
      symlinkSync(target, join(context, 'root', name))
    }
    writeFileSync(join(context, 'Dockerfile'), dockerfile)
    const words = ['--progress=plain', `--isolation=${isolation}`, '--build-context', `base=oci-layout://${base}`]
    return tsbuild([...words, ...args, context], { ...options, env: { ...env, ...options.env }, within })
  }

  test('an image full of links reaches nothing of the host, whatever is mounted over them', async () => {
    const host = temporaryDirectory()
    for (const name of ['files', 'cache', 'parent/c', 'work']) mkdirSync(join(host, name), { recursive: true })
    for (const name of ['hosts', 'resolv.conf', 'secret', 'cache/old']) writeFileSync(join(host, name), 'of the host\n')
    const before = contentOf(host)
    const links = {
      'etc/hosts': `${host}/hosts`,
      'etc/resolv.conf': `../../../../../../../../..${host}/resolv.conf`,
      'run/secrets/s': `${host}/secret`,
      cache: `${host}/cache`,
      bound: `${host}/files`,
      work: `${host}/work`,
    }
    const dockerfile = `FROM base AS hostile
COPY root /
FROM hostile
WORKDIR /work/deep
RUN --mount=type=secret,id=s --mount=type=cache,target=/cache --mount=target=/bound,rw --mount=type=tmpfs,target=/a/b/c \\
  echo step > /cache/new; echo step > /bound/new; echo step > here; (echo step > /etc/hosts; echo step > /etc/resolv.conf) 2> /dev/null; \\
  mv /a/b /a/moved; ln -s ${host}/parent /a/b; cat ${host}/cache/old > /stolen 2> /dev/null; true
FROM scratch
COPY --from=1 /stolen /
`
    const out = temporaryDirectory()
    const args = ['--secret', 'id=s,env=HUSH', '-o', out]
    const { code, stderr } = await build(
      dockerfile,
      args,
      { store: temporaryDirectory(), env: { HUSH: 'hush' } },
      links,
    )
    expect(code, stderr).toBe(0)
    expect(contentOf(host)).toEqual(before)
    expect(readFileSync(join(out, 'stolen'), 'utf8')).toBe('')
  })

  test('a step sees no variable and no open file of the builder, and no secret is left anywhere', async () => {
    const store = temporaryDirectory()
    const out = temporaryDirectory()
    const dockerfile = `FROM base AS made
RUN --mount=type=secret,id=s --mount=type=secret,id=s,env=S test "$S" = "$(cat /run/secrets/s)" && env | grep -v ^S= > /seen; \\
  for n in 3 4 5 6 7 8 9; do (eval ": <&$n") 2> /dev/null && echo "file $n" >> /seen; done; [ ! -e /proc/1/environ ] || tr '\\0' '\\n' < /proc/1/environ | grep -v ^S= >> /seen; true
FROM scratch
COPY --from=made /seen /
`
    const args = ['--secret', 'id=s,env=MY_SECRET', '-o', out]
    const env = {
      MY_SECRET: 'canary-of-a-secret',
      MY_TOKEN: 'canary-of-a-token',
      PATH: `${process.env['PATH']}:/canary-of-a-path`,
    }
    const options = { store, env }
    const { code, stdout, stderr } = await build(dockerfile, args, options)
    expect(code, stderr).toBe(0)
    expect(stdout + stderr + readFileSync(join(out, 'seen'), 'utf8')).not.toMatch(/canary|file \d/)
    expect(run('sh', ['-c', 'grep -rl canary-of "$1" || true', 'sh', store])).toBe('')
  })

  test.skipIf(!requires('gcc'))(
    'no process outlives its step, not even one that sheds limits and session',
    async () => {
      const own = `7${process.pid}${ROWS.findIndex((row) => row.name === name)}`
      const program = join(temporaryDirectory(), 'shed')
      run('gcc', ['-static', '-o', program, join(import.meta.dirname, 'shed-limits.c')])
      const parts = temporaryDirectory()
      copyFileSync(program, join(parts, 'shed'))
      const dockerfile = `FROM base\nCOPY --from=parts shed /shed\nRUN /shed ${own} && sleep 1\nRUN : second-${own}; sleep 6`
      const building = build(dockerfile, ['--build-context', `parts=${parts}`], { store: temporaryDirectory() })
      const isRunning = (text: string): boolean => processesWith('cmdline', text).length > 0
      let ended = false
      void building.finally(() => {
        ended = true
      })
      while (!ended && !isRunning(`second-${own}`)) await wait(50)
      const left = sleeping(own)
      expect((await building).code, (await building).stderr).toBe(0)
      expect([ended, left]).toEqual([true, []])
    },
  )

  test('a kill of all processes leaves no secret after the next build', async () => {
    const store = temporaryDirectory()
    const secret = `secret-${process.pid}-of-the-killed`
    const before = new Set(readdirSync('/dev/shm'))
    const mark = `8${process.pid}${ROWS.findIndex((row) => row.name === name)}`
    const dockerfile = `FROM base\nRUN --mount=type=secret,id=s test -s /run/secrets/s && echo started && sleep ${mark}`
    const args = ['--secret', 'id=s,env=MY_SECRET']
    const killed = build(dockerfile, args, { store, env: { MY_SECRET: secret } })
    for (let tries = 0; sleeping(mark).length === 0 && tries < 600; tries++) await wait(100)
    for (const pid of withDescendants(processesWith('environ', `TSBUILD_HOME=${store}\0`))) killNow(pid)
    expect((await killed).signal).toBe('SIGKILL')
    expect(readdirSync('/dev/shm').filter((path) => !before.has(path))).toEqual([])
    const next = await build('FROM base\nRUN true', [], { store })
    expect(next.code, next.stderr).toBe(0)
    expect(run('sh', ['-c', 'grep -rl "$1" "$2" || true', 'sh', secret, store])).toBe('')
  })

  test('a step without a seccomp filter is never silent', async () => {
    const dockerfile = 'FROM base\nRUN [ ! -e /proc/self/status ] || grep Seccomp: /proc/self/status\nRUN true'
    const { code, stderr } = await build(dockerfile, [], { store: temporaryDirectory() })
    expect(code, stderr).toBe(0)
    const mode = /Seccomp:\s+(\d)/.exec(stderr)?.[1]
    // A step in chroot has no /proc.
    const isFiltered = mode === undefined ? filtersThisProcess() : mode === '2'
    const warnings = stderr.match(/steps run without a seccomp filter: .+/g) ?? []
    expect(warnings).toHaveLength(isFiltered ? 0 : 1)
  })

  test.each(['SIGINT', 'SIGKILL'] as const)('%s leaves no process and no mount', async (signal) => {
    const store = temporaryDirectory()
    const mark = `9${process.pid}${ROWS.findIndex((row) => row.name === name)}${signal.length}`
    const dockerfile = `FROM base\nRUN echo started; sleep ${mark} & setsid sleep ${mark} & trap : TERM; sleep ${mark}`
    const killed = await build(dockerfile, [], { store, kill: { signal, when: /\d started/ } })
    expect(killed.code).not.toBe(0)
    for (let tries = 0; sleeping(mark).length > 0 && tries < 300; tries++) await wait(100)
    expect(sleeping(mark)).toEqual([])
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(store)
    const next = await build('FROM base\nRUN true', [], { store })
    expect(next.code, next.stderr).toBe(0)
    const homes = readdirSync(join(store, 'sandbox'))
    expect(homes.flatMap((home) => readdirSync(join(store, 'sandbox', home, 'tmp')))).toEqual([])
  })
})

/** The processes with a text in their arguments or environment. */
function processesWith(file: 'cmdline' | 'environ', text: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text)
    } catch {
      // It ended meanwhile.
      return false
    }
  })
}

function withDescendants(pids: readonly string[]): readonly string[] {
  const children = readdirSync('/proc').filter((pid) => {
    try {
      // The parent comes after the name, which may have any character, and the state.
      const stat = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/stat`, 'latin1') : ''
      return pids.includes(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '')
    } catch {
      // It ended meanwhile.
      return false
    }
  })
  const all = [...new Set([...pids, ...children])]
  return all.length === pids.length ? pids : withDescendants(all)
}

function killNow(pid: string): void {
  try {
    process.kill(Number(pid), 'SIGKILL')
  } catch {
    // It died with its parent.
  }
}

function filtersThisProcess(): boolean {
  return /^Seccomp:\s+2/m.test(readFileSync('/proc/self/status', 'utf8'))
}

/** All files below a directory, with what is in them and when they were written. */
function contentOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => {
    const stat = lstatSync(join(path, name))
    const content = stat.isFile() ? readFileSync(join(path, name), 'utf8') : ''
    return `${name} ${stat.mode.toString(8)} ${stat.mtimeMs} ${content}`
  })
}

function sleeping(mark: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`sleep\0${mark}\0`)
    } catch {
      // It ended meanwhile.
      return false
    }
  })
}
