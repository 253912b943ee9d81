import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type CliRun, cli } from './run-cli.ts'

let store: string
const tsbuild = (...args: readonly string[]): Promise<CliRun> => cli(['--store', store, ...args])
const build = async (text: string, ...args: readonly string[]): Promise<void> => {
  const dockerfile = `FROM scratch\nCOPY <<EOF /hello\n${text}\nEOF\n`
  const context = temporaryDirectory()
  expect(await cli(['--store', store, '-q', '-f', '-', ...args, context], { stdin: dockerfile })).toMatchObject({
    code: 0,
  })
}

beforeEach(async () => {
  store = join(temporaryDirectory(), 'store')
  await build('one')
  await build('two', '-t', 'app:1')
})

test('du lists records, the totals of each type, and sums', async () => {
  const { code, stdout } = await tsbuild('du')
  expect(code).toBe(0)
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^ID +TYPE +RECLAIMABLE +SIZE +LAST USED +DESCRIPTION$/)
  expect(lines).toContainEqual(expect.stringMatching(/^[0-9a-f]{12} +image +false +\S+ k?B +.* app:1$/))
  expect(lines).toContainEqual(expect.stringMatching(/^TYPE +COUNT +SIZE +RECLAIMABLE$/))
  expect(lines).toContainEqual(expect.stringMatching(/^image +2 /))
  expect(lines.slice(-5, -1).map((line) => line.split(':')[0])).toEqual(['Shared', 'Private', 'Reclaimable', 'Total'])
})

test('du prints each record in full, or as a line of JSON', async () => {
  expect((await tsbuild('du', '--verbose')).stdout).toMatch(/^ID: {11}[0-9a-f]{64}\nType: +\S+\nDescription: /m)
  const json = (await tsbuild('du', '--format', 'json', '--filter', 'type=image')).stdout.trim().split('\n')
  expect(json.map((line): unknown => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ Type: 'image', Names: ['docker.io/library/app:1'], Reclaimable: false, Shared: false }),
  )
})

test('prune prints what it removed and the total, and keeps images with names', async () => {
  const { code, stdout } = await tsbuild('prune', '--force')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^[0-9a-f]{12} +regular +true .* COPY \/hello$/m)
  expect(stdout).toMatch(/^Total reclaimed space: \S+ k?B$/m)
  expect((await tsbuild('validate', 'app:1')).code).toBe(0)
  expect((await tsbuild('prune', '-f')).stdout).toBe('Total reclaimed space: 0 B\n')
})

test('prune asks on a terminal, and is an error without one', async () => {
  const before = readdirSync(join(store, 'blobs/sha256'))
  expect(await tsbuild('prune')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') })
  expect(readdirSync(join(store, 'blobs/sha256'))).toEqual(before)
})

test.each([
  ['--max-used-space', '1TB'],
  ['--min-free-space', '1'],
  ['--reserved-space', '1TB'],
  ['--keep-storage', '1TB'],
])('prune %s %s removes nothing of a small store', async (flag, size) => {
  expect((await tsbuild('prune', '-f', flag, size)).stdout).toBe('Total reclaimed space: 0 B\n')
})

test('a size or filter that is none is an error in the command line', async () => {
  expect(await tsbuild('prune', '-f', '--max-used-space', 'much')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('max-used-space'),
  })
  expect(await tsbuild('du', '--filter', 'typ=image')).toMatchObject({
    stderr: expect.stringContaining('did you mean type?'),
  })
})

test("docker's other spellings mean the same commands", async () => {
  for (const words of [
    ['buildx', 'du'],
    ['system', 'df'],
    ['builder', 'prune', '-f'],
    ['buildx', 'prune', '-f'],
  ]) {
    expect(await tsbuild(...words)).toMatchObject({ code: 0 })
  }
})

test('rmi frees what nothing else needs, and steps stay cached', async () => {
  const { stdout } = await tsbuild('rmi', 'app:1')
  expect(stdout).toMatch(/^Untagged: app:1\n(Deleted: sha256:[0-9a-f]{64}\n){2}$/)
  expect((await tsbuild('images', '-q')).stdout).toBe('')
})

test('images without a name are listed on request, and removed by image prune', async () => {
  expect((await tsbuild('images')).stdout).not.toContain('<none>')
  expect((await tsbuild('images', '-a')).stdout).toMatch(/^app:1 [\s\S]*^<none> /m)
  expect((await tsbuild('images', '-q', '--filter', 'dangling=true')).stdout).toMatch(/^[0-9a-f]{12}\n$/)
  expect((await tsbuild('images', '--filter', 'dangling=false')).stdout).not.toContain('<none>')
  expect(await tsbuild('images', '--filter', 'label=x')).toMatchObject({ code: 2 })
  expect(await tsbuild('image', 'prune', '-a')).toMatchObject({ code: 2, stderr: expect.stringContaining('rmi NAME') })
  expect((await tsbuild('image', 'prune', '-f')).stdout).toMatch(
    /^[0-9a-f]{12} +image [\s\S]*^Total reclaimed space: /m,
  )
  expect((await tsbuild('images', '-a')).stdout).not.toContain('<none>')
})
