import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fixDockerfile } from '../../lib/lint/fix-dockerfile.ts'
import { lint } from '../../lib/lint/lint.ts'
import { type Dockerfile, expandWord, parse, stringify } from '../../lib/parser/index.ts'

const fixed = (text: string): string => stringify(fixDockerfile(parse(text)).dockerfile)

describe('a fix', () => {
  test.each([
    ['lowers a stage name', 'FROM scratch AS App\nCOPY --from=App a /\n', 'FROM scratch AS app\nCOPY --from=App a /\n'],
    ['matches AS to FROM', 'FROM scratch   as  app\n', 'FROM scratch   AS  app\n'],
    ['matches as to from', 'from scratch AS app\n', 'from scratch as app\n'],
    ['matches keywords to the majority', 'from scratch\nlabel a=b\nCOPY c /\n', 'from scratch\nlabel a=b\ncopy c /\n'],
    [
      'names authors by a label',
      'FROM scratch\nMAINTAINER  A B\n',
      'FROM scratch\nLABEL org.opencontainers.image.authors="A B"\n',
    ],
    ['puts = into pairs', 'FROM scratch\nENV a  b\nLABEL c $d e\n', 'FROM scratch\nENV a=b\nLABEL c="$d e"\n'],
    ['lowers protocols', 'FROM scratch\nEXPOSE 1/TCP 2/Udp\n', 'FROM scratch\nEXPOSE 1/tcp 2/udp\n'],
    [
      'removes empty lines',
      'FROM scratch\nLABEL a=1 \\\n\n  # b\n \n  c=2\n',
      'FROM scratch\nLABEL a=1 \\\n  # b\n  c=2\n',
    ],
    ['keeps CRLF', 'FROM scratch as a\r\nENV b c\r\n', 'FROM scratch AS a\r\nENV b=c\r\n'],
    [
      'may overlap another',
      'FROM scratch\nmaintainer me\n',
      'FROM scratch\nLABEL org.opencontainers.image.authors="me"\n',
    ],
  ])('%s', (_, text, expected) => {
    expect(fixed(text)).toBe(expected)
  })

  test.each([
    ['quotes in a value', 'FROM scratch\nENV a "b" c\n'],
    ['escapes in a value', 'FROM scratch\nENV a b\\ c\n'],
    ['a value over several lines', 'FROM scratch\nENV a b \\\n c\n'],
    ['a variable in a name', 'FROM scratch\nMAINTAINER $me\n'],
    ['a port from a variable', 'FROM scratch\nENV p=1/TCP\nEXPOSE $p\n'],
    ['a comment before AS', 'FROM scratch \\\n# x\n as a\n'],
    ['a shell form', 'FROM scratch\nCMD a\n'],
    ['a rule that is skipped', '# check=skip=all\nFROM scratch as A\n'],
  ])('is not offered where it could change something: %s', (_, text) => {
    expect(lint(parse(text)).filter(({ fix }) => fix)).toEqual([])
    expect(fixed(text)).toBe(text)
  })
})

test('says what was fixed', () => {
  const { fixed } = fixDockerfile(parse('FROM scratch as A\nCMD a\n'))
  expect(fixed.map(({ rule }) => rule)).toEqual(['FromAsCasing', 'StageNameCasing'])
})

/** The meaning that a build gives to the instructions, as far as fixes touch them. */
function meaning({ instructions, escape: escapeCharacter }: Dockerfile): unknown {
  const expand = (word: string): unknown => {
    const result = expandWord(word, (name) => (name.length % 2 === 0 ? undefined : `<${name}  v>`), {
      escape: escapeCharacter,
    })
    return 'error' in result ? 'error' : result.value
  }
  return instructions.map((instruction) => {
    switch (instruction.kind) {
      case 'FROM':
        return [instruction.kind, instruction.image.value, instruction.name?.value.toLowerCase()]
      case 'ENV':
      case 'LABEL':
        return [instruction.kind, instruction.pairs.map(({ key, value }) => [expand(key.value), expand(value.value)])]
      case 'EXPOSE':
        return [instruction.kind, instruction.ports.map(({ value }) => value.toLowerCase())]
      case 'MAINTAINER':
        return ['LABEL', [['org.opencontainers.image.authors', instruction.name.value]]]
      default:
        return [instruction.kind, instruction.original.slice(instruction.keyword.value.length)]
    }
  })
}

const words = fc.string({ unit: fc.constantFrom(...'abA1 \t$${}:-=#/.@"\'\\`\u00e9'), maxLength: 12 })
const inCase = (keyword: string): fc.Arbitrary<string> =>
  fc.constantFrom(keyword, keyword.toLowerCase(), `${keyword[0]}${keyword.slice(1).toLowerCase()}`)
const line = fc.oneof(
  ...['ENV', 'LABEL'].map((keyword) =>
    fc.tuple(inCase(keyword), fc.constantFrom(' a ', ' b\t', ' A=', ' a.b '), words),
  ),
  fc.tuple(inCase('MAINTAINER'), fc.constantFrom(' ', ' \\\n', ' x \\\n\n '), words),
  fc.tuple(
    inCase('EXPOSE'),
    fc.constantFrom(' 80', ' $a:1', ' "1"'),
    fc.constantFrom('/TCP', '/udp', '/Sctp 2/TCP', ''),
  ),
  fc.tuple(
    inCase('FROM'),
    fc.constant(' scratch '),
    fc.tuple(inCase('AS'), fc.constantFrom(' a', ' B-c')).map((as) => as.join('')),
  ),
  fc.tuple(inCase('RUN'), fc.constantFrom(' a \\\n', ' a \\\n\n  \n'), fc.constantFrom('b', '<<EOF\n\nEOF', '# c')),
)
const dockerfile = fc
  .array(line, { maxLength: 8 })
  .map((lines) => `FROM scratch\n${lines.map((l) => l.join('')).join('\n')}\n`)

test('fixes change nothing that a build sees, and leave nothing to fix', () => {
  fc.assert(
    fc.property(dockerfile, (text) => {
      const before = parse(text)
      const { dockerfile: after, fixed } = fixDockerfile(before)
      if (fixed.length === 0) return
      expect(meaning(after)).toEqual(meaning(before))
      expect(after.diagnostics.map(({ code }) => code)).toEqual(before.diagnostics.map(({ code }) => code))
      expect(lint(after).filter(({ fix }) => fix)).toEqual([])
    }),
    { numRuns: 2000 },
  )
})
