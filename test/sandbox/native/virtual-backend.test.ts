import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createVirtualBackend } from '../../../lib/sandbox/native/virtual-backend.ts'
import type { IdMapping, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { stepCommand } from './native-step.ts'

const namespaces = (mapping: IdMapping): WorkerNamespaces => ({
  mapping,
  mounts: false,
  processes: false,
  launcher: [],
})

test.each(['root', 'multiple', 'single'] as const)('is not for user namespaces: %s', (mapping) => {
  expect(() => createVirtualBackend(namespaces(mapping), '/helper')).toThrow(/has better/)
})

test('gives the helper the mounts, the limits and a mark; a tmpfs is a directory', async () => {
  const scratch = join(temporaryDirectory(), 'scratch')
  mkdirSync(scratch)
  const command = {
    ...stepCommand('/root-of-it', scratch, ['/bin/true']),
    mounts: [
      { kind: 'bind', source: '/source', target: '/ro', readonly: true },
      { kind: 'tmpfs', target: '/t', size: undefined, mode: 0o1777 },
    ],
    resourceLimits: [{ name: 'nofile', soft: 10, hard: -1 }],
  } as const
  const { file, args, files = [] } = await createVirtualBackend(namespaces('none'), '/helper').prepare(command)
  expect([file, ...args]).toEqual(['/helper', 'run'])
  const spec = readFileSync(files[0] ?? '', 'utf8')
  const tmpfs = join(scratch, 'tmpfs.1')
  expect(statSync(tmpfs).mode & 0o7777).toBe(0o1777)
  expect(spec).toContain(`bind\0/source\0/ro\0ro\0bind\0${tmpfs}\0/t\0rw\0`)
  expect(spec).toContain('limit\0nofile\x0010\x0018446744073709551615\0')
  expect(spec).toMatch(/\0mark\0\d{16}\0/)
  expect(statSync(files[0] ?? '').mode & 0o777).toBe(0o600)
})

test('refuses a step without a network', async () => {
  const scratch = temporaryDirectory()
  const command = { ...stepCommand('/r', scratch, ['x']), network: 'none' } as const
  await expect(createVirtualBackend(namespaces('none'), '/helper').prepare(command)).rejects.toMatchObject({
    code: 'SANDBOX_LACKS',
  })
})
