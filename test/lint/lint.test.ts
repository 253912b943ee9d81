import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkDockerfile, lint } from '../../lib/lint/lint.ts'
import type { LintOptions } from '../../lib/lint/lint-options.ts'
import { parse } from '../../lib/parser/index.ts'
import { dockerfileText } from '../parser/arbitrary-dockerfile.ts'
import { lintErrors } from './error-cases.ts'

/** `line RuleName` of each warning. */
const found = (text: string, options?: LintOptions): readonly string[] =>
  lint(parse(text), options).map(({ rule, line }) => `${line} ${rule}`)

describe('the check directive', () => {
  const text = 'FROM scratch as base\ncopy a /\n'
  test.each<[string, readonly string[]]>([
    ['# no directive', ['2 FromAsCasing', '3 ConsistentInstructionCasing']],
    ['#check=skip=FromAsCasing', ['3 ConsistentInstructionCasing']],
    ['# check = skip=FromAsCasing,ConsistentInstructionCasing', []],
    ['# check=skip=all', []],
    ['# check=skip=', ['2 FromAsCasing', '3 ConsistentInstructionCasing']],
    ['# check=skip=FromAsCasing;experimental=all;error=true', ['3 ConsistentInstructionCasing']],
  ])('%s', (directive, expected) => {
    expect(found(`${directive}\n${text}`)).toEqual(expected)
  })

  test.each([
    ['error=true', true],
    ['error=1;skip=FromAsCasing', true],
    ['error=false', false],
    ['skip=FromAsCasing', false],
  ])('%s fails on warnings: %s', (value, expected) => {
    expect(checkDockerfile(parse(`# check=${value}\n${text}`)).failOnWarnings).toBe(expected)
  })

  test.each(['foo', 'skip', 'error=yes', 'a=b', 'skip=A;skip=B;error=true;error=false'])('refuses %s', (value) => {
    const { warnings, error } = checkDockerfile(parse(`# check=${value}\n${text}`))
    expect(warnings).toEqual([])
    expect(error).toMatchObject({ code: 'DIRECTIVE_INVALID', location: { span: { start: 8 } } })
  })

  test('gives way to the build arg', () => {
    const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=ConsistentInstructionCasing' }
    expect(found(`# check=skip=all\n${text}`, { buildArgs })).toEqual(['2 FromAsCasing'])
  })

  test('above an instruction is for that instruction alone', () => {
    const lines = ['FROM scratch', '# check=skip=SecretsUsedInArgOrEnv really', 'ENV A_TOKEN=1', 'ENV A_TOKEN=2', '']
    expect(found(lines.join('\n'))).toEqual(['4 SecretsUsedInArgOrEnv'])
  })

  test('that is indented or invalid above an instruction is a comment', () => {
    const lines = ['FROM scratch', ' # check=skip=all', 'ENV A_TOKEN=1', '# check=what', 'ENV A_TOKEN=2', '']
    expect(found(lines.join('\n'))).toEqual(['3 SecretsUsedInArgOrEnv', '5 SecretsUsedInArgOrEnv'])
  })
})

describe('variables', () => {
  test.each<[string, string, readonly string[]]>([
    ['of ARG, ENV and the shell', 'ARG a\nARG b=1\nENV c=1\nUSER $a$b$c$PATH\n', []],
    ['of a later line', 'USER $a\nARG a\n', ['2 UndefinedVar']],
    ['of the same line', 'ENV a=1 b=$a\n', ['2 UndefinedVar']],
    ['with a default', 'USER ${a:-root}\n', ['2 UndefinedVar']],
    ['in a heredoc that expands', 'COPY <<EOF /x\n$a\nEOF\n', ['2 UndefinedVar']],
    ['in a heredoc that does not', "COPY <<'EOF' /x\n$a\nEOF\n", []],
    ['in RUN', 'RUN echo $a\n', []],
    ['in a mount', 'RUN --mount=type=cache,target=$a true\n', ['2 UndefinedVar']],
    ['in single quotes', "USER '$a'\n", []],
    ['in every word', 'COPY --chown=$a --chmod=$b $c $d\n', Array(4).fill('2 UndefinedVar')],
  ])('%s', (_, body, expected) => {
    expect(found(`FROM scratch\n${body}`)).toEqual(expected)
  })

  test('come from the stage below, with its arguments', () => {
    expect(found('FROM scratch AS a\nARG x\nARG y=1\nENV z=1\nFROM a\nUSER $x$y$z\n')).toEqual([])
  })

  test('of a global ARG count once the stage declares it', () => {
    expect(found('ARG v=1\nFROM scratch\nUSER $v\nARG v\nUSER $v\n')).toEqual(['3 UndefinedVar'])
  })

  test('of a base image count when its config is known, and nothing is said when it is not', () => {
    const text = 'FROM node\nUSER $NODE_VERSION$NODE_VERSIN\n'
    const { warnings } = checkDockerfile(parse(text), { baseImage: () => ({ env: ['NODE_VERSION=22'] }) })
    expect(warnings.map(({ message }) => message)).toEqual([
      "Usage of undefined variable '$NODE_VERSIN' (did you mean $NODE_VERSION?)",
    ])
    expect(found(text)).toEqual([])
  })
})

describe('stages', () => {
  const text = 'FROM scratch AS a\nENV k v\nFROM scratch AS b\nENV k v\nFROM b\n'
  test.each<[string, LintOptions, readonly string[]]>([
    ['all', {}, ['2 LegacyKeyValueFormat', '4 LegacyKeyValueFormat']],
    ['what the last one needs', { stages: 'target' }, ['4 LegacyKeyValueFormat']],
    ['what the target needs', { target: 'A' }, ['2 LegacyKeyValueFormat']],
  ])('%s', (_, options, expected) => {
    expect(found(text, options)).toEqual(expected)
  })

  test('are told when the target is none of them', () => {
    expect(checkDockerfile(parse(text), { target: 'c' }).error).toMatchObject({ code: 'TARGET_UNKNOWN' })
  })

  test('run the ONBUILDs of their base, which are reported at FROM without a fix', () => {
    const base = { env: [], onBuild: ['ENV image yes'] }
    const text = 'FROM img AS a\nONBUILD ENV k v\nFROM a\n'
    const warnings = lint(parse(text), { baseImage: () => base })
    expect(warnings.map(({ line, span, fix }) => ({ line, at: text.slice(span.start, span.end), fix }))).toEqual([
      { line: 1, at: 'FROM img AS a', fix: undefined },
      { line: 3, at: 'FROM a', fix: undefined },
    ])
  })
})

describe('an error ends the check where it would end a build', () => {
  test.each(lintErrors)('%s', (_, text, code, expected) => {
    const { error } = checkDockerfile(parse(text))
    expect(error).toMatchObject({ code, location: { file: { text } } })
    expect(found(text)).toEqual(expected)
  })
})

test('a span is what is meant, the line is where the instruction starts', () => {
  const text = 'FROM scratch\nENV a=1 \\\n    A_TOKEN=2\n'
  const [warning] = lint(parse(text))
  expect(warning).toMatchObject({ line: 2, span: { start: 27, end: 34 } })
})

test('of whatever text the check makes something, with spans inside of it', () => {
  const check = (text: string): void => {
    for (const { span, line, fix } of lint(parse(text))) {
      expect(line).toBeGreaterThan(0)
      for (const { start, end } of [span, ...(fix ?? []).map((edit) => edit.span)]) {
        expect(start >= 0 && end >= start && end <= text.length).toBe(true)
      }
    }
  }
  fc.assert(fc.property(dockerfileText, check), { numRuns: 300 })
  fc.assert(fc.property(fc.string({ unit: 'binary' }), check), { numRuns: 300 })
})
