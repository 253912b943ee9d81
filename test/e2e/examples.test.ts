// Builds the examples as newcomers do: on a real Debian, as root and as a user with a single id, and then starts them.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debianBase, hasDebianMirror } from '../support/debian-base.ts'
import { ENVIRONMENTS, type EnvironmentName, inEnvironment } from '../support/environments.ts'
import { isRoot } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { type Container, imageConfig, runToEnd, startImage } from '../support/run-image.ts'
import { succeed } from './tsbuild.ts'

const checkout = resolve(import.meta.dirname, '../..')
const examples = join(checkout, 'examples')
const names = ['c-static', 'nginx', 'redis', 'node-app', 'python-app'] as const
type Name = (typeof names)[number]

const possible =
  isRoot('building the examples as root and as others') &&
  ['mmdebstrap', 'runc', 'setpriv', 'nsenter', 'bwrap'].every(requires) &&
  hasDebianMirror()

/** The settings that the machine needs to reach registries. */
const network = Object.fromEntries(
  ['NODE_EXTRA_CA_CERTS', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-examples-'))
chmodSync(directory, 0o755)
let base = ''
beforeAll(async () => {
  if (possible) base = await debianBase(directory)
}, 600_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The arguments for tsbuild, with the layout of the image and its files as a tar, written below a directory. */
const words = (name: Name, out: string): string[] => [
  '--progress=plain',
  ...['--build-context', `debian:12-slim=oci-layout://${base}`],
  ...['-o', `type=oci,dest=${out}/layout,tar=false`],
  ...['-o', `type=tar,dest=${out}/files.tar`],
  join(examples, name),
]

const outputOf = (name: Name, who: string): string => join(directory, who, name)

/** Paths of the image's files, each with its mode and owner as `tar -tv` shows them, and where a link leads. */
function files(out: string): ReadonlyMap<string, string> {
  const lines = run('tar', ['--numeric-owner', '-tvf', join(out, 'files.tar')])
    .trim()
    .split('\n')
  return new Map(
    lines.map((line) => {
      const [, mode = '', owner = '', path = ''] = /^(\S+) (\S+) +\S+ \S+ \S+ (.*)$/.exec(line) ?? []
      const [name = '', ...link] = path.split(/ (?:->|link to) /)
      return [name, [mode, owner, ...link].join(' ')]
    }),
  )
}

/** Starts an example that root built, hands it to a check, and ends it. */
async function started(name: Name, check: (container: Container) => Promise<void>): Promise<void> {
  const out = outputOf(name, 'root')
  const container = startImage(join(out, 'container'), join(out, 'files.tar'), imageConfig(join(out, 'layout')))
  try {
    await check(container)
  } finally {
    await container.stop()
  }
}

test.each(['base', ...names])('%s has a Dockerfile that nothing can be said against', async (name) => {
  const { stdout, stderr } = await succeed(['lint', join(examples, name)], { store: join(directory, 'lint') })
  expect(stdout + stderr).toContain('no warnings')
})

describe.skipIf(!possible)('as root', () => {
  test.each(names)(
    '%s builds',
    async (name) => {
      const out = outputOf(name, 'root')
      mkdirSync(out, { recursive: true })
      await succeed(words(name, out), { store: join(directory, 'store') })
    },
    400_000,
  )

  test('files belong to those whom their packages give them to', () => {
    const redis = files(outputOf('redis', 'root'))
    expect(redis.get('etc/shadow')).toBe('-rw-r----- 0/42')
    expect(redis.get('usr/bin/chage')).toBe('-rwxr-sr-x 0/42')
    expect(redis.get('usr/bin/passwd')).toBe('-rwsr-xr-x 0/0')
    expect(redis.get('var/mail/')).toBe('drwxrwsr-x 0/8')
    expect(redis.get('tmp/')).toBe('drwxrwxrwt 0/0')
    const owner = redis.get('var/lib/redis/')?.split(' ')[1] ?? ''
    expect(owner).toMatch(/^1\d\d\/1\d\d$/)
    expect(redis.get('var/lib/redis/')).toBe(`drwxr-x--- ${owner}`)
    expect(redis.get('etc/redis/')).toBe(`drwxrws--- ${owner}`)
    const node = files(outputOf('node-app', 'root'))
    expect(node.get('home/node/')).toBe('drwxr-xr-x 1000/1000')
    expect(node.get('app/server.js')).toBe('-rw-r--r-- 1000/1000')
    expect(node.get('app/node_modules/fastify/package.json')).toBe('-rw-r--r-- 0/0')
  })

  test('images hold what is needed to run them, and nothing of how they were built', () => {
    expect([...files(outputOf('c-static', 'root')).keys()]).toEqual(['hello'])
    const node = [...files(outputOf('node-app', 'root')).keys()]
    expect(node.filter((path) => /^(opt\/npm|root\/\.npm|app\/node_modules\/is-odd)/.test(path))).toEqual([])
    const python = [...files(outputOf('python-app', 'root')).keys()]
    expect(python.filter((path) => /^(src|root\/\.cache|usr\/share\/python-wheels)/.test(path))).toEqual([])
    for (const name of ['nginx', 'redis', 'node-app'] as const) {
      const paths = [...files(outputOf(name, 'root')).keys()]
      expect(paths.filter((path) => /^var\/lib\/apt\/lists\/./.test(path))).toEqual([])
      expect(paths.filter((path) => /^(proc|sys|dev)\/./.test(path))).toEqual([])
    }
  })

  test('the static program says hello, as the user that the image names', () => {
    const out = outputOf('c-static', 'root')
    const config = imageConfig(join(out, 'layout'))
    const said = runToEnd(join(out, 'container'), join(out, 'files.tar'), config, ['you'])
    expect(said).toBe('hello, you, from user 65534\n')
  })

  test('nginx serves the page', () =>
    started('nginx', async (container) => {
      expect(await container.get('http://127.0.0.1:8080/')).toContain('Built without a daemon.')
    }))

  test('the Node.js application answers, as a user of its own', () =>
    started('node-app', async (container) => {
      expect(JSON.parse(await container.get('http://127.0.0.1:3000/'))).toEqual({ hello: 'from Node.js', user: 1000 })
    }))

  test('the Python application answers, as a user of its own', () =>
    started('python-app', async (container) => {
      expect(await container.get('http://127.0.0.1:8000/')).toMatch(/^hello from Python, user [1-9]\d*\n$/)
    }))

  test('Redis keeps what it is told in a directory of its own', () =>
    started('redis', async (container) => {
      const redis = (...command: string[]) => container.exec('redis-cli', ...command)
      await expect.poll(() => answerOf(() => redis('ping')), { timeout: 20_000 }).toBe('PONG\n')
      expect(redis('set', 'greeting', 'hello')).toBe('OK\n')
      expect(redis('get', 'greeting')).toBe('hello\n')
      expect(redis('save')).toBe('OK\n')
      expect(container.exec('stat', '-c', '%U:%G', '/var/lib/redis/dump.rdb')).toBe('redis:redis\n')
    }))
})

/** The result of a call, or the message of its error. */
function answerOf(call: () => string): string {
  try {
    return call()
  } catch (error) {
    return String(error)
  }
}

/** The whole set takes some twenty minutes in a virtual root. */
const BUILT_IN_POD: readonly Name[] = process.env['TSBUILD_TEST_EXAMPLES'] === 'all' ? names : ['c-static', 'nginx']

/** `without` has the examples that can't be built there, with the message of the error. */
const OTHERS = [
  { who: 'a user without subordinate ids', environment: 'single', isolation: 'userns', built: names, without: {} },
  {
    who: 'the user of a restricted pod',
    environment: 'restricted',
    isolation: 'virtual',
    built: BUILT_IN_POD,
    without: { 'python-app': /a step without network is not possible .*\[SANDBOX_LACKS\]/ },
  },
] as const satisfies readonly {
  readonly who: string
  readonly environment: EnvironmentName
  readonly isolation: string
  readonly built: readonly Name[]
  readonly without: Readonly<Partial<Record<Name, RegExp>>>
}[]

describe.skipIf(!possible).each(OTHERS)('as $who', ({ environment, isolation, built, without }) => {
  const refusals = new Map(Object.entries(without))
  const home = join(directory, environment)
  let program = ''
  beforeAll(() => {
    mkdirSync(home)
    program = installPackage(home)
  })

  test.skipIf(isolation === 'virtual' && process.arch !== 'x64').each(built)(
    '%s builds from the packed package, and has the files, modes and owners of the one that root built',
    (name) => {
      const out = outputOf(name, environment)
      mkdirSync(out, { recursive: true })
      const { uid } = ENVIRONMENTS[environment]
      for (const path of [home, out]) chownSync(path, uid, uid)
      const { status, stderr } = inEnvironment(environment, [process.execPath, program, ...words(name, out)], {
        timeout: 900,
        env: { ...network, TSBUILD_HOME: join(home, 'store') },
        writable: [home, out, base],
      })
      const refusal = refusals.get(name)
      if (refusal) {
        expect(stderr).toMatch(refusal)
        expect(status).toBe(1)
        return
      }
      expect(stderr).toMatch(new RegExp(`ran in +${isolation}`))
      expect(status).toBe(0)
      expect(differences(files(outputOf(name, 'root')), files(out))).toEqual([])
    },
    1_000_000,
  )
})

/** Installs what `npm pack` makes of this checkout into a directory: the path of the command line. */
function installPackage(home: string): string {
  const archive = run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', home, checkout]).trim()
  run('npm', ['install', '--prefix', home, '--no-audit', '--no-fund', '--prefer-offline', join(home, archive)])
  return join(home, 'node_modules/@tsbuild/tsbuild/bin/tsbuild.js')
}

/** One line for every path that one listing has and the other has not, or has otherwise. */
function differences(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((path) => wanted.get(path) !== found.get(path))
    .map((path) => `${path}: ${wanted.get(path) ?? 'absent'} as root, here ${found.get(path) ?? 'absent'}`)
}
