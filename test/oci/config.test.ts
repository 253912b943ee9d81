import { expect, test } from 'vitest'
import { configBytes } from '../../lib/oci/config.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { parseConfig } from '../../lib/oci/parse-config.ts'
import type { DiffID, ImageConfig } from '../../lib/oci/types.ts'

const diffID = sha256('layer') as DiffID

const full: ImageConfig = {
  os: 'linux',
  architecture: 'arm64',
  variant: 'v8',
  created: '2024-01-02T03:04:05Z',
  author: 'A <a@example.org>',
  rootfs: { type: 'layers', diff_ids: [diffID] },
  history: [
    { created: '2024-01-02T03:04:05Z', created_by: 'COPY . / # buildkit', comment: 'buildkit.dockerfile.v0' },
    { created_by: 'ENV A=<b>', empty_layer: true },
  ],
  config: {
    Shell: ['/bin/bash', '-c'],
    OnBuild: ['RUN x'],
    Labels: { b: '1', '10': 'x', '9': 'y' },
    Healthcheck: { Retries: 3, Test: ['CMD-SHELL', 'true'], Interval: 1_000_000_000 },
    Cmd: ['x'],
    Entrypoint: [],
    Env: ['A=1'],
    ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
    Volumes: { '/data': {} },
    User: '1000',
    WorkingDir: '/src',
    StopSignal: 'SIGINT',
  },
}

test('the fields are in the order of BuildKit: sorted at the top, as the Go structs inside', () => {
  expect(Buffer.from(configBytes(full)).toString()).toBe(
    '{"architecture":"arm64","author":"A \\u003ca@example.org\\u003e",' +
      '"config":{"User":"1000","ExposedPorts":{"443/tcp":{},"80/tcp":{}},"Env":["A=1"],"Cmd":["x"],"Volumes":{"/data":{}},' +
      '"WorkingDir":"/src","Labels":{"10":"x","9":"y","b":"1"},"StopSignal":"SIGINT",' +
      '"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":1000000000,"Retries":3},"OnBuild":["RUN x"],"Shell":["/bin/bash","-c"]},' +
      '"created":"2024-01-02T03:04:05Z","history":[{"created":"2024-01-02T03:04:05Z","created_by":"COPY . / # buildkit",' +
      '"comment":"buildkit.dockerfile.v0"},{"created_by":"ENV A=\\u003cb\\u003e","empty_layer":true}],"os":"linux",' +
      `"rootfs":{"type":"layers","diff_ids":["${diffID}"]},"variant":"v8"}`,
  )
})

test('a config that is parsed and written again has the same bytes', () => {
  const bytes = configBytes(full)
  expect(Buffer.from(configBytes(parseConfig(bytes, 'it'))).toString()).toBe(Buffer.from(bytes).toString())
})

test('what Docker writes as null counts as absent', () => {
  const docker = {
    architecture: 'amd64',
    os: 'linux',
    variant: '',
    docker_version: '28',
    config: { Cmd: null, Env: null, Labels: null, Volumes: null, Entrypoint: null, OnBuild: null, Hostname: '' },
    rootfs: { type: 'layers', diff_ids: null },
    history: null,
  }
  expect(parseConfig(Buffer.from(JSON.stringify(docker)), 'it')).toEqual({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
  })
})

const valid = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }

test.each<[unknown, RegExp]>([
  [null, /must be an object, got null/],
  [[], /must be an object, got an array/],
  ['x', /must be an object, got "x"/],
  [{}, /rootfs must be an object, got nothing/],
  [{ ...valid, os: 1 }, /os must be a string, got 1/],
  [{ ...valid, architecture: undefined }, /architecture must be a string/],
  [{ ...valid, rootfs: { type: 'windows' } }, /rootfs\.type must be "layers"/],
  [{ ...valid, rootfs: { type: 'layers', diff_ids: ['sha256:x'] } }, /rootfs\.diff_ids\[0\] must be a sha256/],
  [{ ...valid, config: { Env: [1] } }, /config\.Env\[0\] must be a string/],
  [{ ...valid, config: { Env: 'A=1' } }, /config\.Env must be an array/],
  [{ ...valid, config: { Labels: { a: {} } } }, /config\.Labels\.a must be a string/],
  [{ ...valid, config: { ExposedPorts: { '80': 1 } } }, /config\.ExposedPorts\.80 must be an object/],
  [{ ...valid, config: { Healthcheck: { Interval: 1.5 } } }, /Interval must be a whole number/],
  [{ ...valid, history: [{ empty_layer: 'yes' }] }, /history\[0\]\.empty_layer must be true or false/],
  [{ ...valid, created: 'yesterday' }, /created must be an RFC 3339 time/],
])('%j is refused', (value, message) => {
  const parse = (): unknown => parseConfig(Buffer.from(JSON.stringify(value)), 'config')
  expect(parse).toThrow(message)
  expect(parse).toThrow(expect.objectContaining({ code: 'IMAGE_INVALID' }))
})
