import { expect, test } from 'vitest'
import { edit, parse, stringify } from '../../lib/parser/index.ts'

const text = '# top\nFROM a  AS b # no comment\r\n\nRUN x \\\n  y\n'

test('edits apply together, and everything else stays, line endings included', () => {
  const dockerfile = parse('FROM alpine AS one\r\nFROM one\r\nCOPY   --from=one a  b # c\r\n')
  const [first, second, copy] = dockerfile.instructions
  if (first?.kind !== 'FROM' || second?.kind !== 'FROM' || copy?.kind !== 'COPY')
    throw new Error('not the expected instructions')
  const spans = [copy.from?.span, first.name?.span, second.image.span].filter((span) => span !== undefined)
  const edited = edit(
    dockerfile,
    spans.map((span) => ({ span, text: 'two' })),
  )
  expect(stringify(edited)).toBe('FROM alpine AS two\r\nFROM two\r\nCOPY   --from=two a  b # c\r\n')
  expect(edited.stages[0]?.name).toBe('two')
})

test('an edit to a word with a continuation in it replaces the continuation, too', () => {
  const dockerfile = parse('FROM a\nENV K=one\\\ntwo L=x\n')
  const [, env] = dockerfile.instructions
  if (env?.kind !== 'ENV') throw new Error('not an ENV')
  const span = env.pairs[0]?.value.span ?? { start: 0, end: 0 }
  expect(stringify(edit(dockerfile, [{ span, text: 'three' }]))).toBe('FROM a\nENV K=three L=x\n')
})

test('inserts at one place keep their order', () => {
  const at = { start: 0, end: 0 }
  expect(
    stringify(
      edit(parse(text), [
        { span: at, text: '1' },
        { span: at, text: '2' },
      ]),
    ),
  ).toBe(`12${text}`)
})

test.each([
  [
    [
      { start: 0, end: 3 },
      { start: 2, end: 4 },
    ],
  ],
  [[{ start: -1, end: 0 }]],
  [[{ start: 0, end: text.length + 1 }]],
  [[{ start: 2, end: 1 }]],
  [[{ start: Number.NaN, end: 1 }]],
])('edits of %j are refused', (spans) => {
  expect(() =>
    edit(
      parse(text),
      spans.map((span) => ({ span, text: '' })),
    ),
  ).toThrow(RangeError)
})
