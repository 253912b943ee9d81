import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { storeHome } from '../../lib/cache/home.ts'

const home = join(homedir(), '.cache/tsbuild')

test.each([
  [{ TSBUILD_HOME: '/a', XDG_CACHE_HOME: '/b' }, '/a'],
  [{ TSBUILD_HOME: 'relative' }, resolve('relative')],
  [{ TSBUILD_HOME: '', XDG_CACHE_HOME: '/b' }, '/b/tsbuild'],
  [{ XDG_CACHE_HOME: 'relative' }, home],
  [{ XDG_CACHE_HOME: '' }, home],
  [{}, home],
])('with %j the store is %s', (env, path) => {
  expect(storeHome(env)).toBe(path)
})
