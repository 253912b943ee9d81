import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Span } from '../../lib/base/source.ts'
import { edit, expandWord, expandWords, parse, stringify, toBuildKitTree } from '../../lib/parser/index.ts'
import { dockerfileText, wordText } from './arbitrary-dockerfile.ts'

const runs = { numRuns: 1000 }

test('parsing never throws, and printing gives the text back', () => {
  fc.assert(
    fc.property(dockerfileText, (text) => {
      expect(stringify(parse(text))).toBe(text)
    }),
    runs,
  )
})

test('a text has errors, or a stage or a global argument', () => {
  fc.assert(
    fc.property(dockerfileText, (text) => {
      const { diagnostics, stages, globalArgs } = parse(text)
      expect(diagnostics.some(({ severity }) => severity === 'error') || stages.length + globalArgs.length > 0).toBe(
        true,
      )
    }),
    runs,
  )
})

test('every span lies in the text, and within that of the node around it', () => {
  fc.assert(
    fc.property(dockerfileText, (text) => {
      const { diagnostics, directives, comments, instructions, stages } = parse(text)
      const all = { start: 0, end: text.length }
      for (const { span } of [...diagnostics, ...directives, ...comments]) expectWithin(span, all)
      for (const instruction of instructions) expectNested(instruction, all)
      for (const stage of stages)
        for (const { span } of [stage.from, ...stage.instructions]) expectWithin(span, stage.span)
    }),
    runs,
  )
})

test('instructions and comments are in order and apart', () => {
  fc.assert(
    fc.property(dockerfileText, (text) => {
      const { instructions, comments } = parse(text)
      for (const nodes of [instructions, comments]) {
        for (const [i, { span }] of nodes.entries())
          expect(span.start).toBeGreaterThanOrEqual(nodes[i - 1]?.span.end ?? 0)
      }
    }),
    runs,
  )
})

test('a word on one line is the text that its span covers, and no word ends in a continuation', () => {
  fc.assert(
    fc.property(dockerfileText, (text) => {
      for (const instruction of parse(text).instructions) {
        if (instruction.kind !== 'ENV' && instruction.kind !== 'LABEL') continue
        for (const { value, span } of instruction.pairs.flatMap((pair) => [pair.key, pair.value])) {
          const source = text.slice(span.start, span.end)
          if (!source.includes('\n')) expect(source).toBe(value)
          expect(source.endsWith('\n')).toBe(false)
        }
      }
    }),
    runs,
  )
})

test('the BuildKit tree has no errors of its own: parsing reports them, too', () => {
  fc.assert(
    fc.property(dockerfileText, (text) => {
      const dockerfile = parse(text)
      const messages = dockerfile.diagnostics.map(({ message }) => message)
      for (const { message } of toBuildKitTree(dockerfile).errors) expect(messages).toContain(message)
    }),
    runs,
  )
})

test('replacing a span leaves everything else as it was', () => {
  fc.assert(
    fc.property(dockerfileText, fc.nat(), fc.nat(), fc.string(), (text, a, b, replacement) => {
      const [start = 0, end = 0] = [a % (text.length + 1), b % (text.length + 1)].sort((x, y) => x - y)
      const edited = stringify(edit(parse(text), [{ span: { start, end }, text: replacement }]))
      expect(edited).toBe(text.slice(0, start) + replacement + text.slice(end))
    }),
    runs,
  )
})

test('expansion of any word ends, and without special characters it is the word', () => {
  const variables = new Map([
    ['A', 'a*b a/😀\\'],
    ['B', ''],
  ])
  const options = fc.record({
    escape: fc.constantFrom('\\' as const, '`' as const),
    rawQuotes: fc.boolean(),
    rawEscapes: fc.boolean(),
    skipProcessQuotes: fc.boolean(),
    skipUnsetEnv: fc.boolean(),
  })
  fc.assert(
    fc.property(wordText, options, (word, lexing) => {
      const result = expandWord(word, variables, lexing)
      const words = expandWords(word, variables, lexing)
      expect('error' in result).toBe('error' in words)
      if (!/[$"'\\`\uFEFF]/.test(word)) expect(result).toMatchObject({ value: word })
    }),
    { numRuns: 2000 },
  )
})

function expectWithin(span: Span, outer: Span): void {
  if (span.start >= outer.start && span.start <= span.end && span.end <= outer.end) return
  expect.fail(`[${span.start}, ${span.end}) is not within [${outer.start}, ${outer.end})`)
}

/** Comments stand above their instruction, so they are not looked at here. */
function expectNested(node: unknown, outer: Span): void {
  if (typeof node !== 'object' || node === null) return
  const { span = outer, comments: _, ...fields } = node as { readonly span?: Span; readonly comments?: unknown }
  expectWithin(span, outer)
  for (const [name, value] of Object.entries(fields)) {
    if ((name === 'valueSpan' || name === 'contentSpan') && value) expectWithin(value as Span, outer)
    else expectNested(value, span)
  }
}
