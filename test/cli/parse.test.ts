import { describe, expect, test } from 'vitest'
import { cli } from './run-cli.ts'

describe('tsbuild parse', () => {
  test('counts what it read', async () => {
    const stdin = 'FROM scratch AS a\nCOPY x /\nFROM a\n'
    expect(await cli(['parse', '-'], { stdin })).toEqual({
      code: 0,
      stdout: 'stdin: 2 stages, 3 instructions\n',
      stderr: '',
    })
  })

  test('prints the tree as JSON', async () => {
    const { code, stdout } = await cli(['parse', '--json', '-'], { stdin: 'FROM scratch\n' })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      stages: [{ from: { kind: 'FROM', image: { value: 'scratch' } } }],
      diagnostics: [],
    })
  })

  test('shows every error where it is and ends with 1', async () => {
    const { code, stdout, stderr } = await cli(['parse', '-'], { stdin: 'FROM scratch\nFRMO x\nCOPY\n' })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('stdin:2:1: error: ')
    expect(stderr).toContain('> 2 | FRMO x')
    expect(stderr).toContain('stdin:3:1: error: ')
  })

  test('says so when there is no such file', async () => {
    const { code, stderr } = await cli(['parse', '/nowhere/Dockerfile'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: can't read "\/nowhere\/Dockerfile": .* \[DOCKERFILE_NOT_FOUND\]$/m)
  })

  test('shows control characters of a Dockerfile instead of obeying them', async () => {
    const { stderr } = await cli(['parse', '-'], { stdin: 'FROM scratch\nFRMO \x1b[2J\n' })
    expect(stderr).toContain('␛[2J')
    expect(stderr).not.toContain('\x1b')
  })
})
