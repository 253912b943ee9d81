// Every path that a page names is there: CONTRIBUTING.md, SECURITY.md, README.md, docs/ and the README of each room.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
const rooms = new Set(files.filter((file) => !file.includes('/') && !file.endsWith('.ts')))
const names = new Set(files.map((file) => basename(file)))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'native/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    // The style guide shows names that are not to be used.
    .filter((file) => file.endsWith('.md') && !file.startsWith('api/') && file !== 'style.md')
    .map((file) => join('docs', file)),
  ...files.filter((file) => basename(file) === 'README.md').map((file) => join('lib', file)),
]

/** Folders that a build makes. */
const MADE = /^(?:dist|docs\/api|native\/build|coverage|node_modules)\b/
const TOP = /^(?:lib|test|docs|scripts|bench|bin|native|fixtures|examples|packages|\.ci|\.github)\//

/** The path in the repository that a word in backquotes means; undefined for a word that is no path. */
function pathOf(word: string, page: string): string | undefined {
  if (!/^[\w./-]+$/.test(word) || MADE.test(word)) return undefined
  if (TOP.test(word)) return word
  const beside = join(dirname(page), word)
  if (page.startsWith('lib/') && /^[\w-]+\/|\.ts$/.test(word) && existsSync(join(root, beside))) return beside
  if (rooms.has(word.split('/')[0] ?? '') && word.includes('/')) return join('lib', word)
  // A name alone is one of lib/, wherever it is.
  if (/^[\w-]+\.ts$/.test(word)) return names.has(word) ? undefined : word
  return undefined
}

const named = pages.flatMap((page) => {
  // Blocks of code are examples, but the drawings of docs/architecture.md.
  const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '')
  const words = [...text.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, word = '']) => pathOf(word, page))
  const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => join(dirname(page), link))
  return [...words, ...links].filter((path) => path !== undefined).map((path) => ({ page, path }))
})

test('every path that a page names exists', () => {
  expect(named.length).toBeGreaterThan(150)
  expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([])
})

test('CONTRIBUTING.md leads to at least fifteen behaviours', () => {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const start = page.indexOf('## Where is')
  const rows = page
    .slice(start, page.indexOf('\n## ', start + 1))
    .split('\n')
    .filter((line) => /^\|.*`lib\//.test(line))
  expect(rows.length).toBeGreaterThanOrEqual(15)
})
