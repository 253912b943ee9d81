import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
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
/** Makes symlinks in the directory `ctx`. */
function link(links: Record<string, string>): void {
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, 'ctx', path)), { recursive: true })
    symlinkSync(target.replace('ROOT', root), join(root, 'ctx', path))
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

  test.each([
    ['a chain of links', { Dockerfile: 'docker/web', 'docker/web': '../real.Dockerfile' }, undefined],
    ['a link from the root of the context', { Dockerfile: '/real.Dockerfile' }, undefined],
    ['a link through a directory that is a link', { Dockerfile: 'way/real.Dockerfile', way: '.' }, undefined],
    ['a link with more .. than directories', { Dockerfile: '../../../real.Dockerfile' }, undefined],
    ['a link in a directory, with -f', { 'docker/web': '../real.Dockerfile' }, 'docker/web'],
  ])('may be %s', (_, links, named) => {
    write({ 'ctx/real.Dockerfile': 'FROM scratch', 'real.Dockerfile': 'FROM outside' })
    link(links)
    const context = join(root, 'ctx')
    const { dockerfile } = openContext(context, named && join(context, named))
    expect(dockerfile.text).toBe('FROM scratch')
    expect(readFileSync(dockerfile.name, 'utf8')).toBe('FROM scratch')
  })

  test.each([
    ['relative', { Dockerfile: '../secret' }, undefined],
    ['absolute', { Dockerfile: 'ROOT/secret' }, undefined],
    ['in a chain', { Dockerfile: 'a', a: '../secret' }, undefined],
    ['in lower case', { dockerfile: '../secret' }, undefined],
    ['of the system', { Dockerfile: '/proc/self/environ' }, undefined],
    ['named with -f', { web: '../secret' }, 'web'],
    ['in a directory', { docker: '..' }, 'docker/secret'],
    ['in a directory of the system', { docker: '/proc/self' }, 'docker/environ'],
  ])('that is a symlink out of the context is not read: %s', (_, links, named) => {
    write({ secret: 'FROM secret', 'ctx/a.txt': '' })
    link(links)
    const context = join(root, 'ctx')
    symlinkSync(context, join(root, 'way'))
    for (const at of named === undefined ? [undefined] : [join(context, named), join(root, 'way', named)]) {
      expect(() => openContext(context, at)).toThrow(
        expect.objectContaining({
          code: 'DOCKERFILE_NOT_FOUND',
          message: expect.stringMatching(/is a symlink to ".+" in the build context, which does not exist/),
        }),
      )
    }
  })

  test('is not looked for outside through a directory of the context that another link leads to', () => {
    write({ secret: 'FROM secret', 'ctx/docker/a': '' })
    link({ 'docker/web': '../../secret' })
    symlinkSync(join(root, 'ctx/docker'), join(root, 'way'))
    expect(() => openContext(join(root, 'ctx'), join(root, 'way/web'))).toThrow(
      expect.objectContaining({ code: 'DOCKERFILE_NOT_FOUND' }),
    )
  })

  test('that the user names outside of the context may be a symlink to anywhere', () => {
    write({ 'ctx/a': '', 'real/web': 'FROM scratch', 'real/web.dockerignore': 'a' })
    mkdirSync(join(root, 'docker'))
    symlinkSync('../real/web', join(root, 'docker/web'))
    symlinkSync('../real/web.dockerignore', join(root, 'docker/web.dockerignore'))
    const context = openContext(join(root, 'ctx'), join(root, 'docker/web'))
    expect([context.dockerfile.text, names(context)]).toEqual(['FROM scratch', []])
  })

  test('that is a loop of symlinks, or a fifo, is an error that says so', () => {
    write({ 'ctx/a': '' })
    link({ Dockerfile: 'b', b: 'Dockerfile' })
    expect(() => openContext(join(root, 'ctx'))).toThrow(/lead to each other in a loop/)
    execFileSync('mkfifo', [join(root, 'Dockerfile')])
    expect(() => openContext(root)).toThrow(/not a regular file/)
  })

  test('of a context in memory may be a symlink inside of it', () => {
    const context = memory({ Dockerfile: { symlink: '/docker/web' }, 'docker/web': 'FROM scratch' })
    expect(openContext(context).dockerfile.text).toBe('FROM scratch')
    const outside = memory({ Dockerfile: { symlink: join(root, 'secret') } })
    write({ secret: 'FROM secret' })
    expect(() => openContext(outside)).toThrow(expect.objectContaining({ code: 'DOCKERFILE_NOT_FOUND' }))
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

  test('may be a symlink inside the context', () => {
    write({ 'ctx/Dockerfile': '', 'ctx/docker/ignore': 'docker\n.*', 'ctx/a': '' })
    link({ '.dockerignore': '/docker/ignore' })
    expect(names(openContext(join(root, 'ctx')))).toEqual(['Dockerfile', 'a'])
    expect(names(openNamedContext(join(root, 'ctx')))).toEqual(['Dockerfile', 'a'])
    link({ 'Dockerfile.dockerignore': 'docker/own' })
    write({ 'ctx/docker/own': 'a\ndocker\nDockerfile.*' })
    expect(names(openContext(join(root, 'ctx')))).toEqual(['.dockerignore', 'Dockerfile'])
  })

  test('that is a symlink out of the context hides nothing, with a warning', () => {
    write({ secret: 'a', 'ctx/Dockerfile': '', 'ctx/a': '' })
    const context = join(root, 'ctx')
    link({ '.dockerignore': '../secret' })
    for (const opened of [openContext(context), openNamedContext(context)]) {
      expect(names(opened)).toContain('a')
      expect(opened.warning).toMatch(/symlink to "secret" in the build context, which does not exist/)
    }
    rmSync(join(context, '.dockerignore'))
    link({ 'Dockerfile.dockerignore': 'ROOT/secret' })
    expect(openContext(context).warning).toMatch(/Dockerfile\.dockerignore" is a symlink to ".+\/secret"/)
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
