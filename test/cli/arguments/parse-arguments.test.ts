import { describe, expect, test } from 'vitest'
import { parseArguments } from '../../../lib/cli/arguments/parse-arguments.ts'
import { findCommand } from '../../../lib/cli/command-list.ts'
import type { Args, CommandSpec } from '../../../lib/cli/command-spec.ts'

function parse(name: string, ...args: string[]): Args {
  const parsed = parseArguments(args, findCommand(name) as CommandSpec)
  if (!parsed) throw new Error('help was asked for')
  return parsed
}

describe('a command line', () => {
  test('gives lists in order, and the last of a single value', () => {
    const args = parse('build', '-t', 'a', '--target', 'x', '-t', 'b', '--target', 'y', '.')
    expect([args.list('tag'), args.value('target'), args.positionals]).toEqual([['a', 'b'], 'y', ['.']])
  })

  test('leaves values as they were written', () => {
    const args = parse('build', '--target', '0', '--build-arg', 'A="x"', '--label', 'a.b=1', '-t', '', '007')
    expect([
      args.value('target'),
      args.list('build-arg'),
      args.list('label'),
      args.list('tag'),
      args.positionals,
    ]).toEqual(['0', ['A="x"'], ['a.b=1'], [''], ['007']])
  })

  test('has switches that are off until given, and the last one counts', () => {
    expect(parse('build', '.').on('no-cache')).toBe(false)
    expect(parse('build', '--no-cache', '.').on('no-cache')).toBe(true)
    expect(parse('build', '--no-cache', '--no-cache=false', '.').on('no-cache')).toBe(false)
  })

  test('has no values for flags that were not given', () => {
    const args = parse('build', '.')
    expect([args.value('file'), args.list('tag')]).toEqual([undefined, []])
  })

  test('keeps arguments that look like flags after --', () => {
    expect(parse('rmi', '--', '--tag', '-x').positionals).toEqual(['--tag', '-x'])
  })
})

describe('positional arguments', () => {
  test.each([
    ['build', [], 'PATH is missing'],
    ['build', ['.', 'x'], 'unexpected argument "x"'],
    ['tag', ['a'], 'TARGET is missing'],
    ['tag', [], 'SOURCE and TARGET are missing'],
    ['images', ['x'], 'unexpected argument "x"'],
    ['rmi', [], 'NAME is missing'],
  ])('%s %j: %s', (command, args, message) => {
    expect(() => parse(command, ...args)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message }))
  })

  test('are not asked for with --help', () => {
    expect(parseArguments(['--help'], findCommand('build') as CommandSpec)).toBeUndefined()
  })
})
