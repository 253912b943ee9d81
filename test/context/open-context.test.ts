import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MemoryFile } from '../../lib/context/context-source.ts'
import { openContext, openNamedContext } from '../../lib/context/open-context.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'open-context-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}
const memory = (files: Record<string, MemoryFile>) => new Map(Object.entries(files))
const names = (context: { tree: { list(path: string): readonly { path: string }[] } }) =>
  context.tree.list('').map((entry) => entry.path)

describe('the Dockerfile', () => {
  test('is Dockerfile, or else dockerfile', () => {
    write({ dockerfile: 'FROM small' })
    expect(openContext(root).dockerfile.text).toBe('FROM small')
    write({ Dockerfile: 'FROM large' })
    expect(openContext(root).dockerfile).toEqual({ name: join(root, 'Dockerfile'), text: 'FROM large' })
  })

  test('is at the path given, wherever that is', () => {
    write({ 'ctx/a': '', 'build/web.Dockerfile': 'FROM scratch' })
    expect(openContext(join(root, 'ctx'), join(root, 'build/web.Dockerfile')).dockerfile.text).toBe('FROM scratch')
    expect(openContext(join(root, 'ctx'), relative('.', join(root, 'build/web.Dockerfile'))).dockerfile.text).toBe(
      'FROM scratch',
    )
  })

  test('may be a symlink', () => {
    write({ 'real.Dockerfile': 'FROM scratch' })
    symlinkSync('real.Dockerfile', join(root, 'Dockerfile'))
    expect(openContext(root).dockerfile.text).toBe('FROM scratch')
  })

  test('may be given as text', () => {
    expect(openContext(root, { text: 'FROM scratch', name: '-' }).dockerfile).toEqual({
      name: '-',
      text: 'FROM scratch',
    })
  })

  test('is found in memory', () => {
    const context = memory({ dockerfile: 'FROM a', 'build/web': { content: 'FROM b' } })
    expect(openContext(context).dockerfile).toEqual({ name: 'dockerfile', text: 'FROM a' })
    expect(openContext(context, './build/web').dockerfile.text).toBe('FROM b')
  })

  test.each([
    ['nothing like it', {}, undefined, /-f PATH/],
    ['another name', { Containerfile: '' }, undefined, /"Containerfile"/],
    ['a slip of the pen', { Dockerfiel: '' }, undefined, /"Dockerfiel"/],
    ['a path that is relative to the context', { 'web/Dockerfile': '' }, 'web/Dockerfile', /working directory/],
  ])('that is missing is an error with a hint: %s', (_, files, dockerfile, hint) => {
    write(files)
    expect(() => openContext(root, dockerfile)).toThrow(
      expect.objectContaining({ code: 'DOCKERFILE_NOT_FOUND', hint: expect.stringMatching(hint) }),
    )
  })

  test('that is a directory is an error that says so', () => {
    mkdirSync(join(root, 'Dockerfile'))
    expect(() => openContext(root)).toThrow(
      expect.objectContaining({ code: 'DOCKERFILE_NOT_FOUND', message: expect.stringContaining('is a directory') }),
    )
  })
})

describe('the ignore file', () => {
  test('filters the tree, and may hide itself and the Dockerfile', () => {
    write({ Dockerfile: 'FROM scratch', '.dockerignore': '*\n!src', 'src/a': '', b: '' })
    const context = openContext(root)
    expect(names(context)).toEqual(['src'])
    expect(context.dockerfile.text).toBe('FROM scratch')
  })

  test('beside the Dockerfile goes before the one of the context, even if empty', () => {
    write({ Dockerfile: '', 'Dockerfile.dockerignore': '', '.dockerignore': '*', a: '' })
    expect(names(openContext(root))).toContain('a')
    write({ 'other/web.Dockerfile': '', 'other/web.Dockerfile.dockerignore': 'a\nother\n*.dockerignore\n.*', b: '' })
    expect(names(openContext(root, join(root, 'other/web.Dockerfile')))).toEqual(['Dockerfile', 'b'])
  })

  test('works in memory', () => {
    expect(names(openContext(memory({ Dockerfile: '', '.dockerignore': 'b\n.*', a: '', b: '' })))).toEqual([
      'Dockerfile',
      'a',
    ])
  })

  test('of a named context is its own', () => {
    write({ 'named/.dockerignore': 'a', 'named/a': '', 'named/b': '' })
    expect(names(openNamedContext(join(root, 'named')))).toEqual(['.dockerignore', 'b'])
  })

  test('explains what it hides, and only that', () => {
    write({ Dockerfile: '', '.dockerignore': '# no logs\n*.log\n', 'a.log': '' })
    const { explainMissing } = openContext(root)
    expect(explainMissing('a.log')).toMatch(/line 2 of .*\.dockerignore excludes it: \*\.log/)
    expect(explainMissing('b.log')).toBeUndefined()
    expect(explainMissing('Dockerfile')).toBeUndefined()
  })

  test('that cannot be read as a file is an error', () => {
    write({ Dockerfile: '' })
    mkdirSync(join(root, '.dockerignore'))
    expect(() => openContext(root)).toThrow(expect.objectContaining({ code: 'CONTEXT_INVALID' }))
  })

  test('with a bad pattern is an error at its place', () => {
    write({ Dockerfile: '', '.dockerignore': 'a\n!\n' })
    expect(() => openContext(root)).toThrow(
      expect.objectContaining({
        code: 'IGNORE_PATTERN',
        location: expect.objectContaining({ span: { start: 2, end: 3 } }),
      }),
    )
  })
})

test('a context that is not there is an error before its Dockerfile is', () => {
  expect(() => openContext(join(root, 'none'))).toThrow(expect.objectContaining({ code: 'CONTEXT_NOT_FOUND' }))
})
