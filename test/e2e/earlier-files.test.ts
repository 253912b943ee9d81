// Files of earlier layers that a step changes: with the native helper a user with one id builds root's layers.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environmentsNeed } from '../support/environments.ts'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { busyboxBase } from './busybox-base.ts'
import { type Built, buildInEnvironment } from './environments/build-in-environment.ts'
import { glibcBase } from './environments/glibc-base.ts'

const text = readFileSync(join(import.meta.dirname, 'environments/earlier-files.Dockerfile'), 'utf8')
const CASES = [...text.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name = '']) => name)

const busybox = staticBusybox()
const needed = [isRoot('building in other environments'), ...[...environmentsNeed, 'ldd'].map(requires)]
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-earlier-files-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!needed.every(Boolean) || busybox === undefined)('files of earlier layers', () => {
  let byRoot: Readonly<Record<string, Built>> = {}
  let byUser: Readonly<Record<string, Built>> = {}

  beforeAll(async () => {
    await busyboxBase(busybox ?? '', directory)
    await glibcBase(directory)
    byRoot = buildInEnvironment({ environment: 'root', helper: true, text }, directory, CASES)
    byUser = buildInEnvironment({ environment: 'single', helper: true, text }, directory, CASES)
  }, 400_000)

  test.each(CASES.map((name) => [name]))('%s: a user builds the layers that root builds', (name) => {
    expect(byRoot[name]).toMatchObject({ warnings: [], diffIDs: expect.anything() })
    expect(byUser[name]?.message).toBeUndefined()
    expect(byUser[name]?.files).toEqual(byRoot[name]?.files)
    expect(byUser[name]?.diffIDs).toEqual(byRoot[name]?.diffIDs)
  })
})
