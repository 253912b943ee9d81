import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProotBackend } from '../../../lib/sandbox/backends/proot.ts'
import type { IdMapping, SandboxCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const namespaces = (mapping: IdMapping): WorkerNamespaces => ({
  mapping,
  mounts: false,
  processes: false,
  launcher: [],
})

/** A program that says which version it is: what proot does with its words, the tests of whole builds show. */
function standIn(): string {
  const path = join(temporaryDirectory(), 'proot')
  writeFileSync(path, '#!/bin/sh\necho "|__| 5.4.0"\n')
  chmodSync(path, 0o755)
  return path
}

function command(more: Partial<SandboxCommand>): SandboxCommand {
  const scratch = join(temporaryDirectory(), 'scratch')
  mkdirSync(scratch)
  return {
    id: 'x',
    root: '/root-of-it',
    scratch,
    args: ['/bin/true'],
    env: ['PATH=/bin', 'PROOT_LOADER=/evil', 'A=b'],
    cwd: '/w',
    user: { uid: 5, gid: 6, groups: [] },
    mounts: [],
    hostname: 'h',
    network: 'host',
    insecure: false,
    resourceLimits: [],
    controlLimits: {},
    shmSize: 1,
    ...more,
  }
}

describe('proot', () => {
  test.each(['root', 'multiple', 'single'] as const)('is not for user namespaces: %s', (mapping) => {
    expect(() => createProotBackend(namespaces(mapping), { TSBUILD_PROOT: standIn() })).toThrow(/has better/)
  })

  test('is told the root, the user and the mounts; what is read-only is a copy', async () => {
    const proot = standIn()
    const backend = createProotBackend(namespaces('none'), { TSBUILD_PROOT: proot })
    expect(backend.program).toBe('proot 5.4.0')
    const source = join(temporaryDirectory(), 'source')
    writeFileSync(source, 'text')
    const bind = { kind: 'bind', source } as const
    const asked = command({
      env: ['PATH=/bin', 'A=b'],
      mounts: [
        { ...bind, target: '/rw', readonly: false },
        { ...bind, target: '/ro', readonly: true },
      ],
    })
    const { args, env, finish } = await backend.prepare(asked)
    await finish()
    const words = args.join(' ')
    expect(words).toContain(`${proot} --kill-on-exit -i 5:6 -r /root-of-it `)
    expect(words).toContain(`-b ${source}:/rw -b ${asked.scratch}/mount.1:/ro -w /w /bin/true`)
    expect(readFileSync(join(asked.scratch, 'mount.1'), 'utf8')).toBe('text')
    expect(env).toEqual({ PATH: '/bin', A: 'b' })
  })

  test.each<[string, Partial<SandboxCommand>, string]>([
    ['no network', { network: 'none' }, 'SANDBOX_LACKS'],
    [
      'a mount with a colon',
      { mounts: [{ kind: 'tmpfs', target: '/a:b', size: undefined, mode: 0o777 }] },
      'SANDBOX_LACKS',
    ],
    ['variables of its own for an image without env', {}, 'SANDBOX_FAILED'],
  ])('refuses %s', async (_name, more, code) => {
    const backend = createProotBackend(namespaces('none'), { TSBUILD_PROOT: standIn() })
    await expect(backend.prepare(command(more))).rejects.toMatchObject({ code })
  })
})
