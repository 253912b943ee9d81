import { describe, expect, test } from 'vitest'
import { detectSyntax, findDirective, parse, parseDirectives } from '../../lib/parser/index.ts'

describe('the frontend that a file asks for', () => {
  test.each([
    ['# syntax=example/frontend:1 --opt', { value: 'example/frontend:1', full: 'example/frontend:1 --opt', line: 1 }],
    ['\uFEFF#Syntax = a\r\n', { value: 'a', full: 'a', line: 1 }],
    ['#!/usr/bin/env builder\n# escape=`\n# syntax=a', { value: 'a', full: 'a', line: 3 }],
    ['// syntax=a', { value: 'a', full: 'a', line: 1 }],
    ['{"syntax": "a"}', { value: 'a', full: 'a', line: 0 }],
    ['{"syntax": 1}', undefined],
    ['{"syntax": ', undefined],
    ['# a comment\n# syntax=a', undefined],
    ['# other=x\n# syntax=a', undefined],
    ['\n# syntax=a', undefined],
    ['# syntax=', undefined],
  ])('%j', (text, found) => expect(detectSyntax(text)).toEqual(found))
})

test('directives end at the first line that is none, or that repeats one', () => {
  const names = (text: string) => parseDirectives(text).map(({ name, value }) => `${name}=${value}`)
  expect(names('# check=skip=all\n# syntax=a\n# x\n# escape=`')).toEqual(['check=skip=all', 'syntax=a'])
  expect(names('# check=a\n# check=b\n# syntax=c')).toEqual(['check=a'])
})

test('only a comment directive counts for a directive by name', () => {
  expect(findDirective('check', '# check=skip=X;error=true')).toEqual({
    value: 'skip=X;error=true',
    full: 'skip=X;error=true',
    line: 1,
  })
  expect(findDirective('check', '// check=skip=X')).toBeUndefined()
})

test('the escape directive changes continuations, and only at the top', () => {
  expect(parse('# escape=`\nFROM a\nRUN a `\n b').instructions).toHaveLength(2)
  expect(parse('FROM a\n# escape=`\nRUN a `\n b').diagnostics).toMatchObject([{ code: 'INSTRUCTION_UNKNOWN' }])
})
