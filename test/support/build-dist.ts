// Runs before the tests: the end-to-end tests start bin/tsbuild.js, so dist/ must be what lib/ says.
import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundle } from '../../scripts/bundle.ts'

const root = resolve(import.meta.dirname, '../..')

export async function setup(): Promise<void> {
  const built = statSync(join(root, 'dist/index.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  const files = [...sources.map((file) => join('lib', file)), 'scripts/bundle.ts']
  const newest = Math.max(...files.map((file) => statSync(join(root, file)).mtimeMs))
  if (newest >= built) await bundle()
}
