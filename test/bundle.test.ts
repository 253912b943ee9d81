// The bundle that scripts/bundle.ts makes of lib/: every file that another program loads is an entry point.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { entryPoints } from '../scripts/bundle.ts'

const root = resolve(import.meta.dirname, '..')
const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(join(root, 'lib', file), 'utf8') }))

test('modules that other processes and threads start with are entry points', () => {
  const started = sources.flatMap(({ file, text }) =>
    [
      ...text.matchAll(
        /(?:moduleBeside\('|new URL\(['"`]\.\/)([^'"`$]+?)(?:\.[jt]s)?['"`], (?:import\.meta\.url|url)\)/g,
      ),
    ].map(([, name = '']) => join(dirname(file), name)),
  )
  expect(started).toContain('executor/worker/worker-main')
  expect(started.filter((name) => !entryPoints.includes(name))).toEqual([])
})

test('a module knows its place by import.meta.url alone, which the bundle keeps true', () => {
  expect(sources.filter(({ text }) => /import\.meta(?!\.url\b)/.test(text)).map(({ file }) => file)).toEqual([])
})

test('package.json names files that the bundle makes', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>
  }
  const named = Object.values(exports)
    .flatMap((to) => (typeof to === 'string' ? [to] : [to.default]))
    .filter((file) => file.endsWith('.js'))
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  expect(named.map((file) => file.replace(/^\.\/dist\/|\.js$/g, ''))).toEqual(
    entryPoints.filter((name) => name.endsWith('index') || name.endsWith('worker-main')),
  )
})

test('each module of lib/ is in one file of dist/', () => {
  const dist = join(root, 'dist')
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  const modules = files.flatMap((file) => [
    ...new Set(readFileSync(join(dist, file), 'utf8').match(/^\/\/ lib\/.*\.ts$/gm)),
  ])
  expect(modules.length).toBeGreaterThan(300)
  expect(modules.filter((name, i) => modules.indexOf(name) !== i)).toEqual([])
})

test('the licence of what is compiled in goes with it', () => {
  const dist = join(root, 'dist')
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  const holders = files.filter((file) => readFileSync(join(dist, file), 'utf8').includes('DEFLATE_MODULE = "'))
  expect(holders).toHaveLength(1)
  expect(readFileSync(join(dist, holders[0] ?? ''), 'utf8')).toContain('Copyright 2016 Eric Biggers')
})
