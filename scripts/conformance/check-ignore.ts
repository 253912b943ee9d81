import { BadPattern } from '../../lib/context/ignore/glob-syntax.ts'
import { createPatternMatcher } from '../../lib/context/ignore/ignore-matcher.ts'
import { parseIgnoreFile } from '../../lib/context/ignore/parse-ignore-file.ts'
import { type Case, compare, stringOf, stringsOf } from './check.ts'

/** Checks matches {patterns, path, expect | error} and files {content, expect}. */
export function checkIgnore(record: Case): string | undefined {
  if (record['content'] !== undefined) {
    const text = stringOf(record['content'])
    const patterns = parseIgnoreFile({ name: '.dockerignore', text }).map(({ pattern }) => pattern)
    return compare(text, record['expect'], patterns)
  }
  const patterns = stringsOf(record['patterns'])
  const input = `${stringOf(record['path'])} with ${patterns.join(', ')}`
  return compare(
    input,
    record['error'] === undefined ? record['expect'] : 'error',
    matches(patterns, stringOf(record['path'])),
  )
}

function matches(patterns: readonly string[], path: string): boolean | 'error' {
  try {
    return createPatternMatcher(patterns).matches(path)
  } catch (error) {
    if (!(error instanceof BadPattern)) throw error
    return 'error'
  }
}
