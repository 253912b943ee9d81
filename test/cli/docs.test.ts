import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../lib/cli/command-list.ts'
import { COMMON_FLAGS } from '../../lib/cli/command-spec.ts'
import { EXIT_CODES } from '../../lib/cli/exit-codes.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../docs/cli.md'), 'utf8')
// COPY has a long option of its own, and an example has a misspelt one.
const options = page.replaceAll(/COPY --from|--targt/g, '').matchAll(/(?<=[`/ ])--([a-z][a-z-]*)/g)
const documented = new Set([...options].map((match) => match[1] ?? ''))
const known = new Set([
  'version',
  ...COMMON_FLAGS.map((flag) => flag.name),
  ...commands.flatMap((command) => [...command.flags, ...(command.refused ?? [])].map((flag) => flag.name)),
])

describe('docs/cli.md', () => {
  test.each(commands.map((command) => command.name))('has the command %s', (name) => {
    expect(page).toMatch(new RegExp(`^(## |\\| )\`tsbuild \\[?${name}\\b`, 'm'))
  })

  test('has every option, and no other', () => {
    expect([...documented].filter((name) => !known.has(name))).toEqual([])
    expect([...known].filter((name) => !documented.has(name))).toEqual([])
  })

  test.each(Object.values(EXIT_CODES))('has exit code %d', (code) => {
    expect(page).toContain(`| ${code} |`)
  })
})
