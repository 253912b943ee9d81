import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { chooseBackends } from '../../../lib/sandbox/backends/choose-backend.ts'
import { rememberedBackend } from '../../../lib/sandbox/backends/remembered-backend.ts'
import { sandboxUnavailable } from '../../../lib/sandbox/backends/sandbox-unavailable.ts'
import { TRIAL_OUTPUT, trialProgram } from '../../../lib/sandbox/backends/trial-program.ts'
import { tryBackend } from '../../../lib/sandbox/backends/try-backend.ts'
import { findNamespaces } from '../../../lib/sandbox/namespaces/find-namespaces.ts'
import type { Backend, PreparedCommand, WorkerNamespaces } from '../../../lib/sandbox/types.ts'
import { isRoot } from '../../support/programs.ts'
import { requires } from '../../support/requires.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const namespaces: WorkerNamespaces = { mapping: 'root', mounts: true, processes: true, launcher: [] }

/** A directory with a program in it, as all of PATH. */
function onlyProgram(name: string, script: string): void {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(directory, name), 0o755)
  const before = process.env['PATH']
  process.env['PATH'] = directory
  onTestFinished(() => {
    process.env['PATH'] = before
  })
}

function backendThat(script: string): Backend & { killed: number; finished: number } {
  const counts = { killed: 0, finished: 0 }
  const prepared: PreparedCommand = {
    file: 'sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin' },
    async kill() {
      counts.killed++
    },
    async finish() {
      counts.finished++
    },
  }
  const features = { networkNone: true, controlLimits: true, insecure: true, processes: true, mounts: true }
  return Object.assign(counts, { isolation: 'oci' as const, program: 'fake', features, prepare: async () => prepared })
}

describe('a probe', () => {
  test('is passed only by the command itself', async () => {
    const directory = temporaryDirectory()
    expect(await tryBackend(backendThat(`echo ${TRIAL_OUTPUT}`), directory, namespaces)).toMatchObject({ ok: true })
    expect(await tryBackend(backendThat('true'), directory, namespaces)).toMatchObject({
      ok: false,
      message: 'the command did not run',
    })
    expect(readdirSync(directory)).toEqual([])
  })

  test('says how it failed, kills what may be left, and tidies up', async () => {
    const directory = temporaryDirectory()
    const backend = backendThat('echo "x: Permission denied" >&2; exit 1')
    expect(await tryBackend(backend, directory, namespaces)).toMatchObject({ ok: false, errno: 'EACCES' })
    expect([backend.killed, backend.finished]).toEqual([1, 1])
    expect(readdirSync(directory)).toEqual([])
  })

  test('needs a directory to write in', async () => {
    expect(await tryBackend(backendThat('true'), '/no/such/directory', namespaces)).toMatchObject({ errno: 'ENOENT' })
  })

  test('has a program for common processors', () => {
    for (const arch of ['x64', 'arm64']) {
      expect(Buffer.from(trialProgram(arch)?.subarray(0, 4) ?? []).toString('latin1')).toBe('\x7fELF')
    }
    expect(trialProgram('pdp11')).toBeUndefined()
  })
})

describe('openBackends', () => {
  test.skipIf(!(requires('runc') && isRoot('running containers')))(
    'finds one that runs, and remembers it',
    async () => {
      const directory = temporaryDirectory()
      const first = await chooseBackends(directory, namespaces, 'oci')
      expect(first.backends.map(({ isolation }) => isolation)).toEqual(['oci'])
      expect(first.probes.at(-1)).toMatchObject({ ok: true })
      expect(readdirSync(directory)).toEqual(['backend-oci'])
      const second = await chooseBackends(directory, namespaces, 'oci')
      expect(second.probes).toEqual([first.probes.at(-1)])
    },
  )

  test('what was remembered and fails now is no reason to give up', async () => {
    const directory = temporaryDirectory()
    const memory = rememberedBackend(directory, namespaces, 'oci', ['crun', 'runc'])
    memory.remember('crun')
    expect(memory.recall()).toBe('crun')
    const { probes } = await chooseBackends(directory, namespaces, 'oci')
    expect(probes.map(({ name }) => name)[0]).toBe('crun')
  })

  test('nothing is remembered across namespaces, and a damaged memory is ignored', () => {
    const directory = temporaryDirectory()
    rememberedBackend(directory, namespaces, 'auto', ['a']).remember('a')
    expect(rememberedBackend(directory, { ...namespaces, mapping: 'single' }, 'auto', ['a']).recall()).toBeUndefined()
    writeFileSync(join(directory, 'backend-auto'), '\0garbage')
    expect(rememberedBackend(directory, namespaces, 'auto', ['a']).recall()).toBeUndefined()
    mkdirSync(join(directory, 'backend-oci'))
    const memory = rememberedBackend(directory, namespaces, 'oci', ['a'])
    expect(() => memory.remember('a')).not.toThrow()
    expect(memory.recall()).toBeUndefined()
  })

  test('a helper that was installed since then is tried before what was remembered', () => {
    const directory = temporaryDirectory()
    const ask = () => rememberedBackend(directory, namespaces, 'auto', ['tsbuild-sandbox', 'bwrap'])
    const helper = join(directory, 'helper')
    writeFileSync(helper, '#!/bin/sh\necho tsbuild-sandbox 1 test\n', { mode: 0o755 })
    vi.stubEnv('TSBUILD_SANDBOX_HELPER', '')
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    ask().remember('bwrap')
    expect(ask().recall()).toBe('bwrap')
    vi.stubEnv('TSBUILD_SANDBOX_HELPER', helper)
    expect(ask().recall()).toBeUndefined()
  })

  test('a runtime that lies about what it does is found out', async () => {
    onlyProgram('crun', 'case "$*" in *--version*) echo "crun version 9.9";; esac; exit 0')
    const { probes } = await chooseBackends(temporaryDirectory(), namespaces, 'oci')
    expect(probes[0]).toMatchObject({ name: 'crun', ok: false, detail: 'the command did not run' })
  })

  test('a runtime that fails is quoted', async () => {
    onlyProgram(
      'crun',
      'case "$*" in *--version*) echo "crun version 9.9"; exit;; esac; echo "no cgroup here" >&2; exit 1',
    )
    const { probes } = await chooseBackends(temporaryDirectory(), namespaces, 'oci')
    expect(probes[0]).toMatchObject({ name: 'crun', ok: false, detail: 'no cgroup here' })
    expect(probes[0]?.remedy).toContain('cgroup')
  })
})

test('namespaces are found everywhere, and their launcher starts what comes after it', async () => {
  const found = await findNamespaces()
  expect(found.probes.at(-1)?.ok).toBe(true)
  expect(found.namespaces.launcher.length > 0).toBe(found.namespaces.mounts)
})

test('without unshare there are no new namespaces', async () => {
  onlyProgram('nothing', '')
  const { namespaces: plain, probes } = await findNamespaces()
  expect(plain).toMatchObject({ mounts: false, processes: false, launcher: [] })
  expect(probes[0]).toMatchObject({ ok: false, detail: expect.stringContaining('ENOENT') })
  expect(probes[0]?.remedy).toContain('util-linux')
})

test('when nothing works, the error has each failure and each remedy once', () => {
  const probes = [
    { name: 'good', ok: true, detail: 'fine' },
    { name: 'crun', ok: false, detail: 'not permitted (EPERM)', remedy: 'do this' },
    { name: 'runc', ok: false, detail: 'not found (ENOENT)', remedy: 'do this' },
  ]
  const error = sandboxUnavailable(probes, 'auto')
  expect(error).toMatchObject({ code: 'SANDBOX_UNAVAILABLE' })
  expect(error.message).toContain('crun: not permitted (EPERM)')
  expect(error.message).toContain('runc: not found (ENOENT)')
  expect(error.message).not.toContain('fine')
  expect(error.hint?.match(/do this/g)).toHaveLength(1)
  expect(sandboxUnavailable([], 'oci').message).toContain('--isolation=oci')
})
