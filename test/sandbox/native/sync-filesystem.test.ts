import { expect, test } from 'vitest'
import { findSyncCommand, syncFilesystem } from '../../../lib/sandbox/native/sync-filesystem.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { nativeParts } from './native-step.ts'

const parts = nativeParts()
const commands = [...(parts ? [[parts.helper, 'sync']] : []), ['/bin/sync', '-f']]

test.each(commands)('%s %s writes a filesystem to the disk, and says when it can not', async (...command) => {
  expect(await syncFilesystem(command, temporaryDirectory())).toBe(true)
  expect(await syncFilesystem(command, '/nowhere/at/all')).toBe(false)
  expect(await syncFilesystem(['/nowhere/at/all'], '/')).toBe(false)
})

test('there is a command for it on every Linux', () => {
  expect(findSyncCommand()?.at(-1)).toBeOneOf(['sync', '-f'])
})
