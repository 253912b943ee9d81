import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { removeResultFile, writeResultFile } from '../../lib/cli/result-file.ts'
import { isRoot } from '../support/programs.ts'
import { requires } from '../support/requires.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { cli } from './run-cli.ts'

let directory = ''
const at = (name: string): string => join(directory, name)
beforeEach(() => {
  directory = temporaryDirectory()
})

function write(path: string, text: string): void {
  removeResultFile(path)
  writeResultFile(path, text)
}

describe('a result file', () => {
  test('is made, and made anew', () => {
    write(at('new'), 'a longer text')
    write(at('new'), 'text')
    expect(readFileSync(at('new'), 'utf8')).toBe('text')
  })

  test('behind symlinks is written, emptied first, and the symlinks stay', () => {
    symlinkSync('way', at('link'))
    symlinkSync('file', at('way'))
    writeFileSync(at('file'), 'an earlier text', { mode: 0o640 })
    removeResultFile(at('link'))
    expect(readFileSync(at('file'), 'utf8')).toBe('')
    writeResultFile(at('link'), 'text')
    expect([readlinkSync(at('link')), readlinkSync(at('way'))]).toEqual(['way', 'file'])
    expect([readFileSync(at('file'), 'utf8'), lstatSync(at('file')).mode & 0o777]).toEqual(['text', 0o640])
  })

  test('that a symlink names is made', () => {
    symlinkSync('file', at('link'))
    write(at('link'), 'text')
    expect([readlinkSync(at('link')), readFileSync(at('file'), 'utf8')]).toEqual(['file', 'text'])
  })

  test.skipIf(!requires('mkfifo'))('that is a fifo is written to', async () => {
    execFileSync('mkfifo', [at('fifo')])
    const reader = spawn('cat', [at('fifo')], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    reader.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    write(at('fifo'), 'text')
    await once(reader, 'close')
    expect([text, lstatSync(at('fifo')).isFIFO()]).toEqual(['text', true])
  })

  test('that is an open file gets the text at its end', () => {
    writeFileSync(at('log'), 'before ')
    const file = openSync(at('log'), 'a')
    write(`/proc/self/fd/${file}`, 'text')
    closeSync(file)
    expect(readFileSync(at('log'), 'utf8')).toBe('before text')
  })

  test('that is a directory is an error', () => {
    expect(() => write(directory, 'text')).toThrow(expect.objectContaining({ code: 'OUTPUT_IO' }))
  })
})

test.skipIf(!isRoot('device nodes'))('a build writes its files to devices, which stay', async () => {
  for (const [name, minor] of [
    ['null', '3'],
    ['full', '7'],
  ] as const) {
    execFileSync('mknod', [at(name), 'c', '1', minor])
  }
  symlinkSync('null', at('link'))
  writeFileSync(at('Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n')
  const build = (...args: string[]): ReturnType<typeof cli> =>
    cli(['build', '--store', at('store'), '-f', at('Dockerfile'), ...args, directory])
  expect((await build('--iidfile', at('null'), '--metadata-file', at('link'))).code).toBe(0)
  const full = await build('--iidfile', at('full'))
  expect([full.code, full.stderr]).toEqual([1, expect.stringMatching(/cannot write .*ENOSPC.*OUTPUT_IO/)])
  expect([at('null'), at('full')].map((path) => lstatSync(path).isCharacterDevice())).toEqual([true, true])
  expect(readlinkSync(at('link'))).toBe('null')
})
