import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from '../../lib/parser/index.ts'
import { formatTree } from './format-tree.ts'

const directory = join(import.meta.dirname, 'golden')

describe('a Dockerfile is read into the tree recorded beside it, and printed back', () => {
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.dockerfile'))) {
    test(basename(name, '.dockerfile').replaceAll('-', ' '), async () => {
      const text = readFileSync(join(directory, name), 'utf8')
      const dockerfile = parse(text, { name })
      expect(stringify(dockerfile)).toBe(text)
      await expect(formatTree(dockerfile)).toMatchFileSnapshot(join(directory, name.replace('.dockerfile', '.txt')))
    })
  }
})
