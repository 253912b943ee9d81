// The pod of docs/ci.md keeps the standard `restricted`, and builds in the environment that this leaves.
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ENVIRONMENTS, environmentsNeed, inEnvironment } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { busyboxBase } from './busybox-base.ts'
import { type Pod, violations } from './pod-security.ts'
import { bin } from './tsbuild.ts'

const text = readFileSync(resolve(import.meta.dirname, '../../docs/ci.md'), 'utf8')
const manifest = /```yaml\n(apiVersion: v1\nkind: Pod\n[\s\S]+?)```/.exec(text)?.[1] ?? ''
const pod = (): Pod => parse(manifest)

test('the pod keeps every rule of the standard', () => {
  expect(pod()).toMatchObject({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'build' }] } })
  expect(violations(pod())).toEqual([])
})

const BROKEN: readonly (readonly [rule: string, change: (made: Pod) => void])[] = [
  ['host namespaces', ({ spec }) => Object.assign(spec, { hostPID: true })],
  [
    'privileged containers',
    ({ spec }) => Object.assign(spec.containers[0]?.securityContext ?? {}, { privileged: true }),
  ],
  [
    'capabilities',
    ({ spec }) =>
      Object.assign(spec.containers[0]?.securityContext ?? {}, { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
  ],
  [
    'capabilities',
    ({ spec }) => Object.assign(spec.containers[0]?.securityContext ?? {}, { capabilities: { drop: ['NET_RAW'] } }),
  ],
  ['volume types', ({ spec }) => spec.volumes?.push({ name: 'x', hostPath: { path: '/' } })],
  [
    'host ports',
    ({ spec }) => Object.assign(spec.containers[0] ?? {}, { ports: [{ containerPort: 80, hostPort: 80 }] }),
  ],
  ['AppArmor', ({ spec }) => Object.assign(spec.securityContext ?? {}, { appArmorProfile: { type: 'Unconfined' } })],
  ['SELinux', ({ spec }) => Object.assign(spec.securityContext ?? {}, { seLinuxOptions: { user: 'system_u' } })],
  [
    '/proc mount type',
    ({ spec }) => Object.assign(spec.containers[0]?.securityContext ?? {}, { procMount: 'Unmasked' }),
  ],
  ['seccomp', ({ spec }) => Object.assign(spec.securityContext ?? {}, { seccompProfile: undefined })],
  [
    'seccomp',
    ({ spec }) => Object.assign(spec.containers[0]?.securityContext ?? {}, { seccompProfile: { type: 'Unconfined' } }),
  ],
  [
    'sysctls',
    ({ spec }) => Object.assign(spec.securityContext ?? {}, { sysctls: [{ name: 'kernel.msgmax', value: '1' }] }),
  ],
  [
    'privilege escalation',
    ({ spec }) => Object.assign(spec.containers[0]?.securityContext ?? {}, { allowPrivilegeEscalation: undefined }),
  ],
  ['running as non-root', ({ spec }) => Object.assign(spec.securityContext ?? {}, { runAsNonRoot: undefined })],
  ['running as a non-root user', ({ spec }) => Object.assign(spec.securityContext ?? {}, { runAsUser: 0 })],
  [
    'privilege escalation',
    ({ spec }) =>
      Object.assign(spec, { initContainers: [{ name: 'i', securityContext: { capabilities: { drop: ['ALL'] } } }] }),
  ],
]

test.each(BROKEN)('a pod that breaks a rule is noticed: %s', (rule, change) => {
  const broken = pod()
  change(broken)
  expect(violations(broken)).toEqual([rule])
})

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-pod-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const busybox = staticBusybox()
const ready =
  process.arch === 'x64' &&
  busybox !== undefined &&
  [isRoot('making a restricted pod'), ...environmentsNeed.map((name) => requires(name))].every(Boolean)

test.skipIf(!ready)(
  'the command of the pod builds in the environment that the standard leaves, with a RUN',
  async () => {
    const { uid } = ENVIRONMENTS.restricted
    const [container] = pod().spec.containers
    expect(pod().spec.securityContext).toMatchObject({ runAsUser: uid, runAsGroup: uid })
    const base = await busyboxBase(busybox ?? '', directory)
    // The mounts of the manifest, but in a directory of this test.
    const mount = (path: string): string => path.replaceAll(/\/(work|context)\b/g, `${directory}/pod/$1`)
    for (const name of ['work', 'context']) mkdirSync(join(directory, 'pod', name), { recursive: true })
    writeFileSync(join(directory, 'pod/context/Dockerfile'), 'FROM base\nRUN chown 33:33 /etc && id -u > /seen\n')
    run('chmod', ['-R', 'a+rX', directory])
    chownSync(join(directory, 'pod/work'), uid, uid)
    const args = [...(container?.args ?? []), '--build-context', `base=oci-layout://${base}`]
    const { status, stderr } = inEnvironment('restricted', ['node', bin, ...args.map(mount)], {
      env: Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, mount(value)])),
      writable: [directory],
    })
    expect(stderr).toMatch(/ran in +virtual/)
    expect(status).toBe(0)
    expect(existsSync(join(directory, 'pod/work/image.tar'))).toBe(true)
  },
  300_000,
)
