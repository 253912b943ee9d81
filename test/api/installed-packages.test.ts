// The packages that come with an installation: read from the lock file, and looked at in node_modules.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>
}
/** Paths of runtime packages, as `node_modules/NAME`. */
const runtime = Object.keys(packages).filter((path) => path !== '' && !packages[path]?.dev && !packages[path]?.optional)

/** The files of a package, without the packages inside it. */
const files = runtime.flatMap((path) =>
  readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => !file.startsWith('node_modules/'))
    .map((file) => join(path, file))
    .filter((file) => statSync(join(root, file)).isFile()),
)

test('no package brings native binaries', () => {
  expect(runtime.length).toBeGreaterThan(20)
  expect(files.filter((file) => /\.(?:node|bare|so|dylib|dll|exe)$|\/prebuilds\//.test(file))).toEqual([])
})

// streamx, below tar-stream, depends on bare-events for another runtime: ten files of JavaScript and types,
// which Node.js never loads.
test('no package of the Bare runtime comes along but bare-events', () => {
  expect(runtime.filter((path) => /\/bare-[^/]*$/.test(path))).toEqual(['node_modules/bare-events'])
})

test('all packages together stay below five megabytes', () => {
  const bytes = files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0)
  expect(bytes).toBeGreaterThan(1_000_000)
  expect(bytes).toBeLessThan(5_000_000)
})
