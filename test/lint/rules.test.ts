// Every rule has a page, every page a rule, and what a page calls bad or good is.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lintContext } from '../../lib/build/lint-context.ts'
import { openMemory } from '../../lib/context/memory-tree.ts'
import { lint } from '../../lib/lint/lint.ts'
import type { LintOptions } from '../../lib/lint/lint-options.ts'
import { type LintRule, lintRules } from '../../lib/lint/rules.ts'
import { parse } from '../../lib/parser/index.ts'

const pages = resolve(import.meta.dirname, '../../docs/rules')
const names = lintRules.map(({ name }) => name)
const namesOf = (set: LintRule['set']): readonly string[] =>
  lintRules.filter((rule) => rule.set === set).map(({ name }) => name)
const read = (name: string): string => readFileSync(join(pages, `${name}.md`), 'utf8')

const files: readonly (readonly [string, string])[] = [
  ['package.json', '{ "scripts": { "build": "true" } }'],
  ['package-lock.json', '{}'],
  ['app.json', '{}'],
  ['defaults.json', '{}'],
]
const badFiles: readonly (readonly [string, string])[] = [
  ['id_rsa', '-----BEGIN OPENSSH PRIVATE KEY-----\n'],
  ['.git/HEAD', 'ref'],
  ['node_modules/a/index.js', ''],
]

/** The facts about the world that the comments of the examples state. */
const world: LintOptions = {
  platform: 'linux/amd64',
  ignore: { patterns: ['secrets'], matches: (path) => path.startsWith('secrets') },
  baseImage: (name) => ({
    platform: { os: 'linux', architecture: name === 'example.com/app' ? 'arm64' : 'amd64' },
    env: [],
  }),
}

test('every rule has a page and every page a rule', () => {
  const files = readdirSync(pages).filter((file) => file !== 'README.md')
  expect(files.sort()).toEqual(names.map((name) => `${name}.md`).sort())
})

test.each(['docker', 'certain', 'opinion'] as const)(
  'the list of %s rules has each, and says which have a fix',
  (set) => {
    const part =
      read('README')
        .split(/^## /m)
        .find((text) => text.startsWith(`${set}\n`)) ?? ''
    const rows = part.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| .*\. \| (yes|) \|$/gm)
    const listed = [...rows].map(([, name, link, fix]) => ({ name, link, fix: fix === 'yes' }))
    expect(listed).toEqual(
      namesOf(set)
        .toSorted()
        .map((name) => ({ name, link: name, fix: read(name).includes('\n## Fix\n') })),
    )
  },
)

describe.each(lintRules)('the page of $name', ({ name, set }) => {
  const page = read(name)
  const choice = set === 'docker' ? {} : { enable: ['certain', name] }
  const bad = { ...world, ...choice, context: lintContext(openMemory(new Map([...files, ...badFiles]))) }
  const good = { ...world, ...choice, context: lintContext(openMemory(new Map(files))) }
  const example = (title: string): string =>
    new RegExp(`^## ${title}\n\n\`\`\`dockerfile\n(.*?)\`\`\``, 'ms').exec(page)?.[1] ?? ''
  const warnings = () => lint(parse(example('Bad')), bad).filter(({ rule }) => rule === name)

  test('has the name as its title', () => {
    expect(page.startsWith(`# ${name}\n\n`)).toBe(true)
  })

  test('has a bad example that the rule warns of, at its page', () => {
    expect(warnings().map(({ url }) => url)).toContain(`docs/rules/${name}.md`)
  })

  test('has a good example that no rule warns of', () => {
    expect(example('Good')).not.toBe('')
    expect(parse(example('Good')).diagnostics).toEqual([])
    expect(lint(parse(example('Good')), good)).toEqual([])
  })

  test('says whether there is a fix', () => {
    expect(warnings().some(({ fix }) => fix !== undefined)).toBe(page.includes('\n## Fix\n'))
  })
})
