import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as parser from '../../lib/parser/index.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/parser.md'), 'utf8')
const dockerfile = /```dockerfile\n(.*?)```/s.exec(page)?.[1] ?? ''
const examples = [...page.matchAll(/^## ([^\n]*)\n(?:(?!^## ).)*?```ts\n(.*?)```\n\n```text\n(.*?)```/gms)]

describe('an example of docs/parser.md prints what the page says', () => {
  test.each(examples.map(([, title = '', code = '', output = '']) => ({ title, code, output })))(
    '$title',
    ({ code, output }) => {
      const lines: string[] = []
      const console = { log: (line: unknown) => lines.push(String(line)) }
      const body = code.replace(/^import .*$/gm, '')
      const api = { ...parser, text: dockerfile, console }
      new Function(...Object.keys(api), body)(...Object.values(api))
      expect(`${lines.join('\n')}\n`).toBe(output)
    },
  )
})

test('all examples are run', () => {
  expect(examples.length).toBe(page.split('```ts\n').length - 1)
  expect(examples.length).toBeGreaterThan(4)
})

test('the table names every function there is', () => {
  const functions = Object.entries(parser).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
  for (const name of functions) expect(page).toContain(`\`${name}`)
})
