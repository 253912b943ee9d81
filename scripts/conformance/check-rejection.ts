import type { ErrorCode } from '../../lib/base/errors.ts'
import { positionAt } from '../../lib/base/source.ts'
import { type Dockerfile, parse } from '../../lib/parser/index.ts'

interface Reason {
  /** BuildKit's message. Our message must contain the text of its groups. */
  readonly pattern: RegExp
  readonly code: ErrorCode
}

const reasons: readonly Reason[] = [
  { pattern: /^file with no instructions$/, code: 'DOCKERFILE_EMPTY' },
  { pattern: /^dockerfile (line) greater than max/, code: 'DOCKERFILE_SYNTAX' },
  { pattern: /^only one (\w+) parser directive/, code: 'DIRECTIVE_INVALID' },
  { pattern: /^invalid escape token/, code: 'DIRECTIVE_INVALID' },
  { pattern: /^no build stage in current context$/, code: 'DOCKERFILE_SYNTAX' },
  { pattern: /^when using JSON array syntax, arrays must be comprised of (strings) only$/, code: 'DOCKERFILE_SYNTAX' },
  { pattern: /^unterminated (heredoc)$/, code: 'HEREDOC_UNTERMINATED' },
  { pattern: /^unknown instruction: (.*?)(?: \(did you mean .*\?\))?$/, code: 'INSTRUCTION_UNKNOWN' },
  { pattern: /^(\w+) requires /, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^(\w+) must have two arguments$/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^Syntax error - can't find = in "(.*)"\. Must be/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^(\w+) (names can not be blank)$/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^(VOLUME) specified can not be an (empty) string$/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^(HEALTHCHECK NONE) takes no arguments$/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^Unknown type .* in (HEALTHCHECK)/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^Missing command after (HEALTHCHECK CMD)$/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^(\w+) cannot accept a (heredoc) as a destination$/, code: 'INSTRUCTION_ARGUMENTS' },
  { pattern: /^invalid name for build stage: "(.*)", name/, code: 'STAGE_NAME_INVALID' },
  { pattern: /^Chaining (ONBUILD) via/, code: 'ONBUILD_INVALID' },
  { pattern: /^(\w+) isn't allowed as an (ONBUILD) trigger$/, code: 'ONBUILD_INVALID' },
  { pattern: /^unknown flag: (--.*?)(?: \(did you mean .*\?\))?$/, code: 'FLAG_UNKNOWN' },
  { pattern: /^(?:missing a value on flag|duplicate flag specified): (--.*)$/, code: 'FLAG_INVALID' },
  { pattern: /^expecting boolean value for flag (--\S*), not: /, code: 'FLAG_INVALID' },
  { pattern: /^invalid (network) mode "(.*)"$/, code: 'FLAG_INVALID' },
  { pattern: /^(security) "(.*)" is not valid$/, code: 'FLAG_INVALID' },
  { pattern: /^time: .*(duration)/, code: 'FLAG_INVALID' },
  { pattern: /^Interval "(.*)" cannot be (less than 1ms)$/, code: 'FLAG_INVALID' },
  { pattern: /^(--retries) cannot be (negative)/, code: 'FLAG_INVALID' },
  { pattern: /^strconv\.ParseInt: /, code: 'FLAG_INVALID' },
  { pattern: /^failed to parse csv (mount|device)s: /, code: 'FLAG_INVALID' },
  { pattern: /^'(from)' doesn't support (variable) expansion/, code: 'FLAG_INVALID' },
  { pattern: /^invalid field '(.*)' must be a (key=value) pair$/, code: 'FLAG_INVALID' },
  { pattern: /^invalid value (?:for \w+: .*|.* for \w+)$/, code: 'FLAG_INVALID' },
  { pattern: /^unexpected key '(.*?)' /, code: 'FLAG_INVALID' },
  { pattern: /^(?:invalid )?(secret) mount/, code: 'FLAG_INVALID' },
  { pattern: /^both (source) and (id) can't be set$/, code: 'FLAG_INVALID' },
  { pattern: /^invalid cache (sharing) set for (\w+) mount$/, code: 'FLAG_INVALID' },
  { pattern: /^unsupported (?:mount type|sharing value) "(.*?)"/, code: 'FLAG_INVALID' },
  { pattern: /^(mode|uid|gid) not allowed for "(\w+)" type mounts$/, code: 'FLAG_INVALID' },
  { pattern: /^device name already set to (.*)$/, code: 'FLAG_INVALID' },
]

/** BuildKit counts a line only after it has read it as a directive, and does not count a line that is too long. */
const countedLate = /parser directive can be used|invalid escape token|greater than max/

/** Checks that a Dockerfile is rejected at the right lines and for the right reason. */
export function checkRejection(text: string, error: string, lines: unknown): string | undefined {
  const reason = findReason(error)
  if (!reason) return `BuildKit's error is unknown here: ${error}`
  const dockerfile = parse(text)
  const { from, to } = lineRange(lines, countedLate.test(error) ? 1 : 0)
  const isRight = dockerfile.diagnostics.some(({ severity, code, message, span }) => {
    const { line } = positionAt(text, span.start)
    const isThere = line >= Math.max(1, from) && line <= Math.max(1, to)
    return severity === 'error' && code === reason.code && isThere && mentions(message, reason.words)
  })
  return isRight
    ? undefined
    : `${JSON.stringify(text)}\nexpected ${reason.code} at lines ${from}-${to}: ${error}\ngot ${describe(dockerfile)}`
}

/** Whether a thrown error has the code and the message that correspond to BuildKit's. */
export function isSameReason(error: string, code: ErrorCode, message: string): boolean {
  const reason = findReason(error)
  return reason?.code === code && mentions(message, reason.words)
}

/** Checks that a Dockerfile has no errors. */
export function describeErrors(dockerfile: Dockerfile): string | undefined {
  const isRejected = dockerfile.diagnostics.some(({ severity }) => severity === 'error')
  return isRejected
    ? `${JSON.stringify(dockerfile.file.text)}\nexpected no error\ngot ${describe(dockerfile)}`
    : undefined
}

const mentions = (message: string, words: readonly string[]): boolean =>
  words.every((word) => message.includes(word) || message.includes(JSON.stringify(word)))

function findReason(error: string): { readonly code: ErrorCode; readonly words: readonly string[] } | undefined {
  for (const { pattern, code } of reasons) {
    const match = pattern.exec(error.replace(/^dockerfile parse error on line \d+: /, ''))
    if (match) return { code, words: match.slice(1).filter((word) => word !== '') }
  }
  return undefined
}

function lineRange(lines: unknown, late: number): { readonly from: number; readonly to: number } {
  if (!Array.isArray(lines)) throw new TypeError('expected the lines of an error')
  const ranges: readonly { readonly start: number; readonly end: number }[] = lines
  return {
    from: Math.min(...ranges.map(({ start }) => start)) + late,
    to: Math.max(...ranges.map(({ end }) => end)) + late,
  }
}

function describe({ file, diagnostics }: Dockerfile): string {
  const all = diagnostics.map(
    ({ code, message, span }) => `${code} at line ${positionAt(file.text, span.start).line}: ${message}`,
  )
  return all.length > 0 ? all.join('\n    ') : 'no diagnostics'
}
