// The mechanical part of docs/style.md: the first words of comments, and the width of their lines.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const WIDTH = 120

const files = ['lib', 'test', 'bench', 'scripts', 'native/src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|c|h)$/.test(name))
    .map((name) => join(folder, name)),
)
const lines = files.flatMap((file) =>
  readFileSync(join(root, file), 'utf8')
    .split('\n')
    .map((text, index, all) => ({ at: `${file}:${index + 1}`, text, before: all[index - 1] ?? '' })),
)

/** A comment may begin on a line of its own, or below a line that only opens it. */
function beginsComment({ text, before }: (typeof lines)[number]): boolean {
  if (/^\s*\/\*\*? /.test(text)) return true
  if (/^\s*\/\/ /.test(text)) return !/^\s*\/\//.test(before)
  return /^\s*\* /.test(text) && /^\s*\/\*\*?\s*$/.test(before)
}

test('a comment begins with its subject', () => {
  const broken = lines
    .filter(beginsComment)
    .filter(({ text }) => /^\s*(?:\/\/|\/\*\*?|\*) +(?:What|Of|That|Those|Who|Whose|Told|With)\b/.test(text))
  expect(broken.map(({ at, text }) => `${at}: ${text.trim()}`)).toEqual([])
})

test('a line of a comment is at most 120 columns wide', () => {
  // A URL cannot be broken.
  const broken = lines.filter(
    ({ text }) => /^\s*(?:\/\/|\/\*|\* )/.test(text) && text.length > WIDTH && !/https?:\/\/\S{60}/.test(text),
  )
  expect(broken.map(({ at, text }) => `${at}: ${text.length} columns`)).toEqual([])
})
