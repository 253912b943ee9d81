import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  isOwnerRefusal,
  type OwnershipSigns,
  refuseAssumedOwners,
  warnOfLostOwners,
} from '../../../../lib/executor/worker/owners/ownership-warnings.ts'
import type { FromWorker, RunRequest } from '../../../../lib/executor/worker/protocol.ts'
import type { WorkerContext } from '../../../../lib/executor/worker/worker-context.ts'
import { createAssumedOwnership } from '../../../../lib/sandbox/ownership/assumed-ownership.ts'
import { createDiskOwnership } from '../../../../lib/sandbox/ownership/disk-ownership.ts'
import { createFakerootOwnership } from '../../../../lib/sandbox/ownership/fakeroot-ownership.ts'
import { ownersFrom } from '../../../../lib/sandbox/ownership/ownership-method.ts'
import type { IdMapping, WorkerNamespaces } from '../../../../lib/sandbox/types.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const namespaces = (mapping: IdMapping): WorkerNamespaces => ({ mapping, mounts: true, processes: true, launcher: [] })
const assumed = createAssumedOwnership()
const fakeroot = createFakerootOwnership({ faked: '', library: '' })
const key = { dev: 1n, ino: 2n }
const nothing: OwnershipSigns = { after: ownersFrom([]), refused: false, accountsChanged: false }
const chowned: OwnershipSigns = { ...nothing, after: ownersFrom([[key, { uid: 33, gid: 0 }]]) }

describe('what a program says', () => {
  test.each([
    'chown: /d: Invalid argument',
    'some lines before\nchgrp: changing group of /d: Operation not permitted',
    "su: can't set groups: Operation not permitted",
    'tar: x: Cannot change ownership to uid 1000, gid 1000: Invalid argument',
    "cp: failed to preserve ownership for 'b': Operation not permitted",
    'adduser: /home/app: Invalid argument',
    'setpriv: setresuid failed: Invalid argument',
  ])('tells that it was refused an owner: %s', (text) => {
    expect(isOwnerRefusal(text, assumed, namespaces('single'))).toBe(true)
    expect(isOwnerRefusal(text, fakeroot, namespaces('single'))).toBe(true)
    expect(isOwnerRefusal(text, createDiskOwnership(), namespaces('root'))).toBe(false)
    expect(isOwnerRefusal(text, assumed, namespaces('none'))).toBe(false)
  })

  test.each(['rm: /d: Operation not permitted', 'sleep: Invalid argument', 'chown: /d: No such file or directory'])(
    'tells nothing of owners: %s',
    (text) => expect(isOwnerRefusal(text, assumed, namespaces('single'))).toBe(false),
  )
})

describe('a step', () => {
  const request = { step: 'a', strictOwnership: false } as RunRequest
  const strict: RunRequest = { ...request, strictOwnership: true }
  const ask = (
    source: typeof assumed,
    signs: OwnershipSigns,
    {
      mapping = 'single',
      root = temporaryDirectory(),
      asked = request,
    }: { mapping?: IdMapping; root?: string; asked?: RunRequest } = {},
  ): readonly [lost: boolean, said: number] => {
    const said: FromWorker[] = []
    const context = { warned: new Set<string>(), namespaces: namespaces(mapping) } as WorkerContext
    const step = {
      request: asked,
      context,
      emit: (message: FromWorker) => said.push(message),
      caughtUp: () => undefined,
    }
    const lost = warnOfLostOwners(step, { root, method: source, signs })
    // The second step with the same warning emits none.
    warnOfLostOwners(step, { root, method: source, signs })
    return [lost, said.length]
  }

  test.each<[string, typeof assumed, OwnershipSigns, readonly [boolean, number]]>([
    ['that changes no owner is told nothing', assumed, nothing, [false, 0]],
    ['that changes no owner is told nothing with fakeroot', fakeroot, nothing, [false, 0]],
    ['that was refused one is warned, once', assumed, { ...nothing, refused: true }, [true, 1]],
    ['that makes accounts is warned', assumed, { ...nothing, accountsChanged: true }, [true, 1]],
    ['whose owners fakeroot has is told so', fakeroot, chowned, [false, 1]],
    ['that was refused one with fakeroot is warned', fakeroot, { ...nothing, refused: true }, [true, 1]],
    ['on a disk that has all owners is told nothing', createDiskOwnership(), chowned, [false, 0]],
  ])('%s', (_title, source, signs, expected) => {
    expect(ask(source, signs)).toEqual(expected)
  })

  test('in proot is warned always: nobody can know', () => {
    expect(ask(assumed, nothing, { mapping: 'none' })).toEqual([true, 1])
  })

  test('that could set capabilities is warned with fakeroot, which keeps none', () => {
    const root = temporaryDirectory()
    mkdirSync(join(root, 'usr/sbin'), { recursive: true })
    writeFileSync(join(root, 'usr/sbin/setcap'), '')
    expect(ask(fakeroot, nothing, { root })).toEqual([true, 1])
  })

  test('under --strict-ownership fails if owners got lost, and is not begun where none are recorded', () => {
    const lacks = expect.objectContaining({ code: 'SANDBOX_LACKS' })
    expect(() => ask(fakeroot, { ...nothing, refused: true }, { asked: strict })).toThrow(lacks)
    expect(ask(fakeroot, chowned, { asked: strict })).toEqual([false, 1])
    expect(() => refuseAssumedOwners(assumed, strict)).toThrow(lacks)
    expect(() => refuseAssumedOwners(assumed, request)).not.toThrow()
    expect(() => refuseAssumedOwners(fakeroot, strict)).not.toThrow()
  })
})

test('owners that a step found already are none that it asked for', () => {
  const before = [[key, { uid: 33, gid: 0 }]] as const
  expect(ownersFrom(before, before).asked).toBe(false)
  expect(ownersFrom([[key, { uid: 33, gid: 5 }]], before).asked).toBe(true)
  expect(ownersFrom([[key, { uid: 0, gid: 0 }]], before).asked).toBe(false)
})
