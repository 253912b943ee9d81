// Every promise of docs/reliability.md has a test, and every test that it names is there.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs/reliability.md'), 'utf8')
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('| promise |') && !line.startsWith('| --- |'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('the page has promises', () => {
  expect(rows.length).toBeGreaterThan(15)
})

test.each(rows.map(([, promise = '', tests = '']) => [promise, tests]))('%s', (_, tests) => {
  const paths = [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(0)
  for (const path of paths) {
    expect(path).toMatch(/^test\/.+\.test\.ts$/)
    expect(existsSync(join(root, path)), path).toBe(true)
  }
})
