// `tsbuild doctor` in environments that are really restricted.
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DoctorReport } from '../../../lib/index.ts'
import { adviceFor } from '../../../lib/sandbox/doctor/advice.ts'
import { type EnvironmentKind, readHostFacts } from '../../../lib/sandbox/namespaces/host-facts.ts'
import { ENVIRONMENTS, type EnvironmentName, environmentsNeed, inEnvironment } from '../../support/environments.ts'
import { isRoot } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'

const program = resolve(import.meta.dirname, '../../../bin/tsbuild.js')
const able = isRoot('making restricted environments') && environmentsNeed.every(requires)

describe.skipIf(!able).each(Object.keys(ENVIRONMENTS) as EnvironmentName[])('in the environment %s', (name) => {
  test('doctor finds what works, and says why not more', () => {
    const argv = [process.execPath, program, 'doctor', '--json']
    const { status, stdout, stderr } = inEnvironment(name, argv)
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as DoctorReport
    expect(report.place).toEqual(EXPECTED[name].place)
    expect(status).toBe(report.isolation === undefined ? 1 : 0)
    expect(report.isolation).toBe(report.backends[0]?.isolation)
    expect(report.probes.filter(({ about, ok }) => about === 'place' && !ok).map((probe) => probe.name)).toEqual(
      EXPECTED[name].refused,
    )
    for (const { ok, about, remedy } of report.probes) if (!ok && about === 'place') expect(remedy).not.toBe('')
    expect(report.advice.map(({ where }) => where)).toEqual(expect.arrayContaining([...EXPECTED[name].advice]))
    if (EXPECTED[name].place.mounts) expect(['oci', 'bwrap', 'userns']).toContain(report.isolation)
    expect(report.ownership.kind === 'native').toBe(/root|multiple/.test(EXPECTED[name].place.mapping))
  })
})

interface Expected {
  readonly place: DoctorReport['place']
  readonly refused: readonly string[]
  readonly advice: readonly string[]
}

const SUBORDINATE = 'user namespace with subordinate ids'
const EXPECTED: Readonly<Record<EnvironmentName, Expected>> = {
  root: { place: { mapping: 'root', mounts: true, processes: true }, refused: [], advice: [] },
  subordinate: { place: { mapping: 'multiple', mounts: true, processes: true }, refused: [], advice: [] },
  single: {
    place: { mapping: 'single', mounts: true, processes: true },
    refused: [SUBORDINATE],
    advice: ['this machine'],
  },
  container: {
    place: { mapping: 'root', mounts: false, processes: false },
    refused: ['mount namespace', "user namespace with root's ids"],
    advice: ['Kubernetes', 'Docker'],
  },
  restricted: {
    place: { mapping: 'none', mounts: false, processes: false },
    refused: [SUBORDINATE, 'user namespace with one id'],
    advice: ['Kubernetes', 'Docker'],
  },
  unfiltered: {
    place: { mapping: 'single', mounts: true, processes: false },
    refused: [SUBORDINATE, 'process id namespace'],
    advice: ['Kubernetes', 'Docker'],
  },
}

test.skipIf(!able)('people get a table and what to paste', () => {
  const { stdout } = inEnvironment('unfiltered', [process.execPath, program, 'doctor'])
  expect(stdout).toMatch(/^RUN uses {2}\w+, with /)
  expect(stdout).toContain('✗ process id namespace')
  expect(stdout).toContain('procMount: Unmasked')
  for (const line of stdout.split('\n').slice(0, 20)) expect(line.length).toBeLessThanOrEqual(80)
})

test.skipIf(!able)('nothing of the examination stays in the store', () => {
  const script = '"$0" "$1" doctor --json >/dev/null; ls "$HOME/.cache/tsbuild/tmp"'
  expect(inEnvironment('single', ['sh', '-c', script, process.execPath, program]).stdout).toBe('')
})

describe('advice', () => {
  const facts = readHostFacts()
  const advice = (environmentKind: EnvironmentKind, ...causes: Parameters<typeof adviceFor>[0]) =>
    adviceFor(causes, { ...facts, environmentKind })

  test('fits where the build runs', () => {
    expect(advice('gitlab', 'seccomp')).toMatchObject([
      { text: '[runners.docker]\n  security_opt = ["seccomp:unconfined"]' },
    ])
    expect(advice('github', 'seccomp').map(({ where }) => where)).toEqual(['GitHub Actions'])
    expect(advice('kubernetes', 'seccomp')[0]?.text).toContain('seccompProfile: { type: Unconfined }')
    expect(advice('machine', 'apparmor-sysctl')[0]?.text).toBe(
      'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    )
    expect(advice('github', 'apparmor-sysctl')[0]?.text).toMatch(/^- run: sudo sysctl /)
  })

  test('is one snippet for all that a container lacks', () => {
    const [kubernetes, docker] = advice('container', 'seccomp', 'masked-proc')
    expect(kubernetes?.text).toContain('hostUsers: false')
    expect(kubernetes?.text).toContain('procMount: Unmasked')
    expect(docker?.text).toBe('docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined …')
  })

  test('is not given where there is nothing to say', () => {
    expect(advice('container')).toEqual([])
    expect(advice('machine', 'kernel', 'no-user')).toEqual([])
  })
})
