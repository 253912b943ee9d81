import { describe, expect, test } from 'vitest'
import { type HostFacts, parseIdMap } from '../../../lib/sandbox/namespaces/host-facts.ts'
import { causeOfRefusal } from '../../../lib/sandbox/namespaces/refused-namespaces.ts'

const facts: HostFacts = {
  uid: 1000,
  capabilities: 0n,
  noNewPrivileges: false,
  seccomp: false,
  apparmor: undefined,
  maxUserNamespaces: 1000,
  unprivilegedUserns: undefined,
  apparmorRestrictsUserns: undefined,
  mappedIds: 0xffffffff,
  initialUserns: true,
  environmentKind: 'machine',
}
const EPERM = 'unshare: unshare failed: Operation not permitted (EPERM)'

describe('why a namespace is refused', () => {
  test.each<[string, string, Partial<HostFacts>, string | undefined]>([
    ['multiple', "unshare: you (user 10001) don't exist.", {}, 'no-user'],
    ['multiple', 'unshare: no line matching user "x" in /etc/subuid: Success', {}, 'no-subordinate-ids'],
    ['multiple', 'unshare: failed to execute newuidmap: No such file or directory (ENOENT)', {}, 'no-newuidmap'],
    ['multiple', 'newuidmap: write to uid_map failed: Operation not permitted (EPERM)', {}, 'weak-newuidmap'],
    [
      'multiple',
      'newuidmap: write to uid_map failed: Operation not permitted (EPERM)',
      { noNewPrivileges: true },
      'no-new-privileges',
    ],
    ['single', EPERM, { seccomp: true }, 'seccomp'],
    ['root', EPERM, { uid: 0, seccomp: true }, 'seccomp'],
    ['root', EPERM, { uid: 0 }, 'no-capability'],
    ['single', EPERM, { unprivilegedUserns: 0 }, 'userns-sysctl'],
    ['single', EPERM, { apparmorRestrictsUserns: 1 }, 'apparmor-sysctl'],
    ['single', EPERM, { apparmor: 'docker-default (enforce)' }, 'apparmor'],
    ['single', 'unshare: unshare failed: No space left on device (ENOSPC)', {}, 'userns-limit'],
    ['single', 'unshare: unshare failed: Invalid argument (EINVAL)', {}, 'kernel'],
    ['single', 'unshare: no such program in PATH (ENOENT)', {}, 'no-unshare'],
    ['single', 'unshare: unrecognized option: kill-child', {}, 'no-unshare'],
    ['single', EPERM, {}, undefined],
  ])('for %s ids: %s', (mapping, message, change, cause) => {
    const errno = /\((E\w+)\)$/.exec(message)?.[1]
    const tried = { ok: false, output: '', message, errno }
    const found = causeOfRefusal(mapping as 'single', tried, { ...facts, ...change })
    expect(found).toBe(cause)
  })
})

test('maps of ids are read, and only whole lines of them', () => {
  expect(parseIdMap('         0       1001          1\n         1     100000      65536\n')).toEqual([
    { inside: 0, outside: 1001, count: 1 },
    { inside: 1, outside: 100000, count: 65536 },
  ])
  expect(parseIdMap('')).toEqual([])
  expect(parseIdMap('0 0\nx 1 2\n')).toEqual([])
})
