// Mounts of the same kinds by the native helper and by mount(8).
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Mounter } from '../../../lib/sandbox/mount/mounter.ts'
import { startNativeMounter } from '../../../lib/sandbox/mount/native-mounter.ts'
import { createSystemMounter } from '../../../lib/sandbox/mount/system-mounter.ts'
import { isRoot } from '../../support/programs.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { nativeParts } from '../native/native-step.ts'

const helper = nativeParts()?.helper
const mounters: readonly (readonly [string, () => Promise<Mounter | undefined>])[] = [
  ['the system', async () => createSystemMounter()],
  ['the native helper', async () => (helper === undefined ? undefined : startNativeMounter(helper))],
]

test.skipIf(!isRoot('mounting')).each(mounters)('%s stacks directories, and says what it can not', async (_, open) => {
  const mounter = await open()
  if (!mounter) return
  onTestFinished(() => mounter.close())
  // Separators of mount's options and of overlayfs's lists, in a name.
  const base = join(temporaryDirectory(), 'a,b:c\\d')
  const [top, bottom, upper, work, target] = ['top', 'bottom', 'upper', 'work', 'target'].map((name) =>
    join(base, name),
  )
  if (!top || !bottom || !upper || !work || !target) throw new Error('bug: five names are five paths')
  for (const path of [top, bottom, upper, work, target]) mkdirSync(path, { recursive: true })
  for (const path of [top, bottom]) writeFileSync(join(path, 'file'), path)

  // The same work directory serves one mount after another.
  for (const content of ['first', 'second']) {
    await mounter.overlay({ lower: [top, bottom], upper, work, target, userxattr: false })
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe(content === 'first' ? top : 'first')
    writeFileSync(join(target, 'file'), content)
    await mounter.unmount(target)
    expect(readFileSync(join(upper, 'file'), 'utf8')).toBe(content)
  }
  await mounter.tmpfs(target)
  writeFileSync(join(target, 'in memory'), '')
  await mounter.unmount(target)
  expect(existsSync(join(target, 'in memory'))).toBe(false)
  await mounter.tmpfs(target)
  writeFileSync(join(target, 'in use'), '')
  const inUse = openSync(join(target, 'in use'), 'r')
  await expect(mounter.unmount(target)).rejects.toMatchObject({ code: 'SANDBOX_FAILED' })
  await mounter.detach(target)
  closeSync(inUse)
  expect(existsSync(join(target, 'in use'))).toBe(false)

  await expect(mounter.unmount(target)).rejects.toMatchObject({ code: 'SANDBOX_FAILED' })
  await expect(mounter.tmpfs(join(base, 'nowhere'))).rejects.toMatchObject({ code: 'SANDBOX_FAILED' })
  const many = Array.from({ length: 100 }, (_, at) => join(base, `${'long'.repeat(12)}${at}`))
  await expect(mounter.overlay({ lower: many, upper, work, target, userxattr: false })).rejects.toThrow(
    /^cannot stack 100 directories: their names take \d+ of 4095 bytes$/,
  )
})

test('a helper that does not mount is none', async () => {
  expect(await startNativeMounter('/bin/true')).toBeUndefined()
  expect(await startNativeMounter('/nowhere/tsbuild-sandbox')).toBeUndefined()
})

test.skipIf(helper === undefined)('what a helper is asked after its end is refused', async () => {
  if (helper === undefined) return
  const mounter = await startNativeMounter(helper)
  mounter?.close()
  await expect(mounter?.unmount('/nowhere')).rejects.toMatchObject({
    code: 'SANDBOX_FAILED',
    message: 'cannot unmount /nowhere: the native helper has ended',
  })
})
