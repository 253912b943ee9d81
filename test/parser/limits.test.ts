import { describe, expect, test } from 'vitest'
import { parse } from '../../lib/parser/index.ts'

test('a line of 65,535 bytes is the longest that is accepted', () => {
  const line = (length: number, last: string) =>
    `FROM a\nRUN ${'x'.repeat(length - 4 - Buffer.byteLength(last))}${last}\n`
  expect(parse(line(65_535, 'é')).diagnostics).toEqual([])
  const [problem] = parse(line(65_536, '😀')).diagnostics
  expect(problem).toMatchObject({ code: 'DOCKERFILE_SYNTAX', span: { start: 7 } })
})

describe('long input of any shape is read in linear time', () => {
  const times = (part: string) => part.repeat(Math.ceil(200_000 / part.length))
  test.each([
    ['instructions', `FROM a\n${times('RUN echo hello\n')}`],
    ['continuations', `FROM a\nRUN x${times(' \\\n y')}`],
    ['empty continuations', `FROM a\nRUN x \\\n${times('\n')}`],
    ['pairs', `FROM a\nENV${times(' \\\n a="b c"')}`],
    ['JSON', `FROM a\nRUN ["a"${times(',\\\n"b"')}]`],
    ['nested JSON', `FROM a\nRUN ${times('[\\\n')}${times(']\\\n')}`],
    ['flags', `FROM a\nCOPY${times(' --exclude=a \\\n')} a b`],
    ['mounts', `FROM a\nRUN${times(' --mount=type=cache,target=/x \\\n')} x`],
    ['nested triggers', `FROM a\n${times('ONBUILD \\\n')}`],
    ['heredocs', `FROM a\nCOPY ${times('<<a \\\n')} b\n${times('a\n')}`],
    ['spaces in a heredoc', `FROM a\nCOPY <<${times(' \\\n')} b`],
    ['nested variables in a heredoc line', `FROM a\nRUN << ${times('${a:-\\\n')}`],
    ['escapes', `FROM a\nRUN ${times('\\\\\\\n')}`],
    ['carriage returns', `FROM a\n${times('\r')}`],
    ['mistakes', `FROM a\n${times('RUNN x\n')}`],
  ])('%s', { timeout: 20_000 }, (_, text) => expect(parse(text).file.text).toBe(text))
})
