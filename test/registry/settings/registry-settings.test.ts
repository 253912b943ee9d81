import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type FindSettings, registrySettings } from '../../../lib/registry/settings/registry-settings.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

interface Machine {
  readonly root: string
  readonly env: Record<string, string>
  readonly etc: string
  readonly find: FindSettings
}

/** A machine with these files, `home/…` and `etc/…`. */
function machine(files: Readonly<Record<string, string>>, env: Record<string, string> = {}): Machine {
  const root = temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const own = Object.fromEntries(Object.entries(env).map(([name, path]) => [name, join(root, path)]))
  const all = { HOME: join(root, 'home'), ...own }
  return { root, env: all, etc: join(root, 'etc'), find: registrySettings(all, join(root, 'etc')) }
}

const repository = (name: string): { domain: string; path: string } => {
  const slash = name.indexOf('/')
  return { domain: name.slice(0, slash), path: name.slice(slash + 1) }
}
const SECURE = { plainHttp: false, insecure: false }
const PLAIN = { plainHttp: true, insecure: false }

const OWN = 'home/.config/tsbuild/registries.json'
const PODMAN = 'etc/containers/registries.conf'
const DAEMON = 'etc/docker/daemon.json'

/** The result for a name: `blocked`, or `HOST/PATH` of the registries in order, followed by `http` or `insecure`. */
async function placesOf({ find }: Machine, name: string, kind: 'tag' | 'digest' = 'tag'): Promise<string> {
  const { location, transport, mirrors, blockedBy } = await find(repository(name))
  if (blockedBy !== undefined) return 'blocked'
  return [...mirrors.filter(({ pulls }) => pulls === 'all' || pulls === kind), { transport, ...location }]
    .map((place) => {
      const { plainHttp, insecure } = place.transport ?? SECURE
      return `${place.domain}/${place.path}${plainHttp ? ' http' : ''}${insecure ? ' insecure' : ''}`
    })
    .join(', ')
}

test('settings of our own are by registry, whatever it is called', async () => {
  const { find } = machine({
    [OWN]: JSON.stringify({
      'https://index.docker.io/v1/': { mirrors: ['a.invalid', 'b.invalid:5000/hub'] },
      lan: { plainHttp: true },
    }),
  })
  expect((await find(repository('docker.io/library/x'))).mirrors).toEqual([
    { domain: 'a.invalid', path: 'library/x', pulls: 'all', transport: SECURE },
    { domain: 'b.invalid:5000', path: 'hub/library/x', pulls: 'all', transport: SECURE },
  ])
  expect((await find(repository('lan/a'))).transport).toEqual(PLAIN)
  expect((await find(repository('other/a'))).transport).toEqual(SECURE)
})

test('a mirror of ours is spoken to as its own entry says', async () => {
  const { find } = machine({
    [OWN]: JSON.stringify({ 'docker.io': { mirrors: ['mirror.lan:5000'] }, 'mirror.lan:5000': { plainHttp: true } }),
  })
  expect((await find(repository('docker.io/library/x'))).mirrors).toMatchObject([{ transport: PLAIN }])
})

const CONF = `
unqualified-search-registries = ["quay.io", "docker.io"]
short-name-mode = "enforcing"

[[registry]]
prefix = "example.com/foo"
location = "inner.lan:5000/mirror/foo"
insecure = true

[[registry]]
location = "example.com"
[[registry.mirror]]
location = "one.lan"
[[registry.mirror]]
location = "two.lan/sub"
insecure = true
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "three.lan"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "*.wild.com"
blocked = true

[[registry]]
prefix = "open.wild.com"
location = "open.wild.com"

[[registry]]
location = "docker.io"
mirror-by-digest-only = true
mirror = [{ location = "hub.lan" }]

[aliases]
"app" = "example.com/app"
`

test.each<[string, string, string]>([
  [
    'example.com/bar',
    'one.lan/bar, three.lan/bar, example.com/bar',
    'one.lan/bar, two.lan/sub/bar insecure, example.com/bar',
  ],
  ['example.com/foo', 'inner.lan:5000/mirror/foo insecure', 'inner.lan:5000/mirror/foo insecure'],
  ['example.com/foo/a/b', 'inner.lan:5000/mirror/foo/a/b insecure', 'inner.lan:5000/mirror/foo/a/b insecure'],
  [
    'example.com/food',
    'one.lan/food, three.lan/food, example.com/food',
    'one.lan/food, two.lan/sub/food insecure, example.com/food',
  ],
  ['example.com:5000/bar', 'example.com:5000/bar', 'example.com:5000/bar'],
  ['a.wild.com/x', 'blocked', 'blocked'],
  ['a.b.wild.com/x', 'blocked', 'blocked'],
  ['wild.com/x', 'wild.com/x', 'wild.com/x'],
  ['open.wild.com/x', 'open.wild.com/x', 'open.wild.com/x'],
  ['docker.io/library/x', 'docker.io/library/x', 'hub.lan/library/x, docker.io/library/x'],
])("Podman's registries.conf says of %s what Podman does", async (name, byTag, byDigest) => {
  const given = machine({ [PODMAN]: CONF })
  expect(await placesOf(given, name)).toBe(byTag)
  expect(await placesOf(given, name, 'digest')).toBe(byDigest)
})

const moved = (host: string): string => `[[registry]]\nprefix = "a.com"\nlocation = "${host}"\n`
const DROP_IN = 'containers/registries.conf.d/50-x.conf'
const USERS = 'home/.config/containers/registries.conf'

test.each<[string, Record<string, string>, Record<string, string>, string]>([
  ['the system has', { [PODMAN]: moved('system.lan') }, {}, 'system.lan'],
  [
    'a file beside it replaces',
    { [PODMAN]: moved('system.lan'), [`etc/${DROP_IN}`]: moved('beside.lan') },
    {},
    'beside.lan',
  ],
  [
    'the user’s file beside replaces',
    { [`etc/${DROP_IN}`]: moved('beside.lan'), [`home/.config/${DROP_IN}`]: moved('own-beside.lan') },
    {},
    'own-beside.lan',
  ],
  [
    'the user has, and then nothing of the system’s counts',
    { [USERS]: '', [PODMAN]: moved('system.lan'), [`etc/${DROP_IN}`]: moved('beside.lan') },
    {},
    'a.com',
  ],
  [
    '$XDG_CONFIG_HOME has',
    { 'xdg/containers/registries.conf': moved('xdg.lan') },
    { XDG_CONFIG_HOME: 'xdg' },
    'xdg.lan',
  ],
  [
    '$CONTAINERS_REGISTRIES_CONF names',
    { [USERS]: moved('own.lan'), 'named.conf': moved('named.lan') },
    { CONTAINERS_REGISTRIES_CONF: 'named.conf' },
    'named.lan',
  ],
  ['comes first in a file', { [PODMAN]: moved('first.lan') + moved('second.lan') }, {}, 'first.lan'],
  ['has another ending is not read', { [`etc/${DROP_IN}.bak`]: moved('beside.lan') }, {}, 'a.com'],
])('of registries.conf counts what %s', async (_, files, env, expected) => {
  expect(await placesOf(machine(files, env), 'a.com/x')).toBe(`${expected}/x`)
})

const DAEMON_JSON = JSON.stringify({
  'registry-mirrors': ['http://mirror.lan:5000/', 'https://cache.lan', 'http://mirror'],
  'insecure-registries': ['cache.lan', 'http://old.lan:5000', '10.1.0.0/16', '2001:db8::/32'],
  'log-driver': 'json-file',
})

test.each([
  [
    'docker.io/library/x',
    'mirror.lan:5000/library/x http, cache.lan/library/x insecure, mirror:80/library/x http, docker.io/library/x',
  ],
  ['old.lan:5000/x', 'old.lan:5000/x insecure'],
  ['old.lan/x', 'old.lan/x'],
  ['10.1.2.3:5000/x', '10.1.2.3:5000/x insecure'],
  ['10.2.2.3:5000/x', '10.2.2.3:5000/x'],
  ['[2001:db8::1]:5000/x', '[2001:db8::1]:5000/x insecure'],
  // Names are looked up, as the daemon does it.
  ['nobody.invalid/x', 'nobody.invalid/x'],
])("Docker's daemon.json says of %s what Docker does", async (name, expected) => {
  expect(await placesOf(machine({ [DAEMON]: DAEMON_JSON }), name)).toBe(expected)
})

const daemon = (host: string): string => JSON.stringify({ 'insecure-registries': [host] })

test.each<[string, Record<string, string>, Record<string, string>]>([
  [
    '$DOCKER_CONFIG',
    { 'docker/daemon.json': daemon('a.com'), 'home/.docker/daemon.json': '{}' },
    { DOCKER_CONFIG: 'docker' },
  ],
  ['Docker Desktop’s', { 'home/.docker/daemon.json': daemon('a.com'), [DAEMON]: '{}' }, {}],
  ['rootless Docker’s', { 'home/.config/docker/daemon.json': daemon('a.com'), [DAEMON]: '{}' }, {}],
  ['the system’s', { [DAEMON]: daemon('a.com') }, {}],
])('of daemon.json counts the first: %s', async (_, files, env) => {
  expect(await placesOf(machine(files, env), 'a.com/x')).toBe('a.com/x insecure')
})

test('an empty daemon.json is none', async () => {
  expect(await placesOf(machine({ [DAEMON]: '\n' }), 'a.com/x')).toBe('a.com/x')
})

test.each([
  ['ours', {}, 'own.lan/library/x, docker.io/library/x'],
  ['ours, also where it says nothing else', { [OWN]: '{"docker.io":{}}' }, 'docker.io/library/x'],
  ['Podman’s', { [OWN]: '{"other.lan":{}}' }, 'podman.lan/library/x, docker.io/library/x'],
  ['Docker’s', { [OWN]: '{}', [PODMAN]: moved('b.com') }, 'docker.lan/library/x, docker.io/library/x'],
])('of the files the first that has something about a registry counts, alone: %s', async (_, files, expected) => {
  const given = machine({
    [OWN]: '{"docker.io":{"mirrors":["own.lan"]}}',
    [PODMAN]: '[[registry]]\nlocation = "docker.io"\nmirror = [{ location = "podman.lan" }]\n',
    [DAEMON]: '{"registry-mirrors":["https://docker.lan"]}',
    ...files,
  })
  expect(await placesOf(given, 'docker.io/library/x')).toBe(expected)
})

const registry = (lines: string): string => `[[registry]]\n${lines}\n`

test.each<[string, string, string, RegExp]>([
  ['no JSON', OWN, 'nonsense', /registries\.json" is not JSON: /],
  [
    'JSON that breaks off at a line',
    OWN,
    '{\n"a.com": {\n"insecure": true,\n}}',
    /registries\.json", line 4, is not JSON: /,
  ],
  ['a list', OWN, '[]', /must be an object/],
  [
    'an unknown key',
    OWN,
    '{"lan":{"insecur":true}}',
    /lan has the unknown key "insecur": there are plainHttp, insecure, mirrors$/,
  ],
  ['a word for true', OWN, '{"lan":{"insecure":"yes"}}', /lan\.insecure must be true or false/],
  [
    'a mirror that is a URL',
    OWN,
    '{"lan":{"mirrors":["http://m.invalid"]}}',
    /mirrors\[0\] must be a host or HOST\/PATH/,
  ],
  ['a mirror that is no host', OWN, '{"lan":{"mirrors":["mirror"]}}', /mirrors\[0\] must be a host or HOST\/PATH/],
  ['a mirror with a tag', OWN, '{"lan":{"mirrors":["m.invalid/a:1"]}}', /must be a host or HOST\/PATH/],
  ['no UTF-8', PODMAN, '\u00ff', /registries\.conf" is not UTF-8$/],
  ['no TOML', PODMAN, '[[registry]]\nlocation = quay.io\n', /registries\.conf", line 2: Invalid TOML document: /],
  ['a key twice', PODMAN, registry('location = "a.com"\nlocation = "b.com"'), /registries\.conf", line 3: /],
  ['a prototype', PODMAN, '[__proto__]\nx = 1\n', /registries\.conf", line 1: /],
  ['tables that are none', PODMAN, 'registry = 1\n', /registry must be an array, got 1$/],
  [
    'no location',
    PODMAN,
    registry('prefix = "a.com"'),
    /registry\[0\]\.location must be a host or HOST\/PATH, got nothing$/,
  ],
  [
    'a location with a scheme',
    PODMAN,
    registry('location = "https://a.com"'),
    /registry\[0\]\.location must be a host/,
  ],
  ['an empty prefix', PODMAN, registry('prefix = ""\nlocation = "a.com"'), /registry\[0\]\.prefix must be HOST/],
  [
    'a prefix with a tag',
    PODMAN,
    registry('prefix = "a.com/x:1"\nlocation = "a.com"'),
    /prefix has a tag or a digest, which is not/,
  ],
  [
    'a word for true, too',
    PODMAN,
    registry('location = "a.com"\nblocked = "no"'),
    /registry\[0\]\.blocked must be true or false/,
  ],
  [
    'a mirror without location',
    PODMAN,
    registry('location = "a.com"\nmirror = [{}]'),
    /registry\[0\]\.mirror\[0\]\.location must be a string/,
  ],
  [
    'an odd usage',
    PODMAN,
    registry('location = "a.com"\nmirror = [{ location = "b.com", pull-from-mirror = "x" }]'),
    /pull-from-mirror must be all, digest-only, tag-only, got "x"$/,
  ],
  [
    'usage of no mirror',
    PODMAN,
    registry('location = "a.com"\npull-from-mirror = "all"'),
    /registry\[0\]\.pull-from-mirror is for mirrors only$/,
  ],
  [
    'usages that contradict',
    PODMAN,
    registry(
      'location = "a.com"\nmirror-by-digest-only = true\nmirror = [{ location = "b.com", pull-from-mirror = "all" }]',
    ),
    /mirror\[0\]\.pull-from-mirror contradicts mirror-by-digest-only$/,
  ],
  [
    'version 1',
    PODMAN,
    '[registries.insecure]\nregistries = ["a.com"]\n',
    /registries\.insecure is of version 1 of the format/,
  ],
  [
    'a mirror of Docker’s that is no URL',
    DAEMON,
    '{"registry-mirrors":["m.lan"]}',
    /registry-mirrors\[0\] must be http:\/\/HOST or https:\/\/HOST/,
  ],
  ['one with a path', DAEMON, '{"registry-mirrors":["https://m.lan/x"]}', /must be http:\/\/HOST or https:\/\/HOST/],
  ['a host that is none', DAEMON, '{"insecure-registries":"a.com"}', /insecure-registries must be an array/],
])('%s is an error that names file, place and what to do', async (_, path, text, message) => {
  const given = machine({})
  mkdirSync(dirname(join(given.root, path)), { recursive: true })
  writeFileSync(join(given.root, path), text === '\u00ff' ? Buffer.from([255]) : text)
  await expect(given.find(repository('lan/x'))).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/registries\.md|registries\.conf\(5\)|Docker|\[\[registry\]\]/),
  })
})

test.each(['TSBUILD_REGISTRIES', 'CONTAINERS_REGISTRIES_CONF'])(
  'a file that $%s names has to be there',
  async (name) => {
    const { find } = machine({}, { [name]: 'nowhere' })
    await expect(find(repository('lan/x'))).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(/nowhere" can't be read: ENOENT$/),
      hint: expect.stringMatching(/registries/),
      cause: expect.objectContaining({ code: 'ENOENT' }),
    })
  },
)

test('version 1 that is about short names only does no harm', async () => {
  const given = machine({ [PODMAN]: '[registries.search]\nregistries = ["docker.io"]\n' })
  expect(await placesOf(given, 'a.com/x')).toBe('a.com/x')
})

test('a location that leaves no name is an error', async () => {
  const given = machine({ [PODMAN]: registry('prefix = "a.com/x"\nlocation = "b.com"') })
  await expect(placesOf(given, 'a.com/x')).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: expect.stringMatching(/registries\.conf: b\.com for a\.com\/x leaves no name of a\.com\/x$/),
  })
  expect(await placesOf(given, 'a.com/x/y')).toBe('b.com/y')
})

test('a registry itself, which is logged in to, has a transport and no other place', async () => {
  const own = machine({ [OWN]: '{"docker.io":{"mirrors":["own.lan"]}}' })
  expect(await placesOf(own, 'docker.io/')).toBe('docker.io/')
  const podman = machine({
    [PODMAN]: registry('location = "a.com"\ninsecure = true\nmirror = [{ location = "b.com" }]'),
  })
  expect(await placesOf(podman, 'a.com/')).toBe('a.com/ insecure')
})
