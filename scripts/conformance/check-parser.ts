import {
  type Directive,
  detectSyntax,
  type FoundDirective,
  findDirective,
  formatBuildKitTree,
  parse,
  parseDirectives,
  toBuildKitTree,
} from '../../lib/parser/index.ts'
import { parseHeredocWord } from '../../lib/parser/syntax/heredoc-delimiter.ts'
import { type Case, compare, recordOf, stringOf } from './check.ts'
import { checkRejection, describeErrors } from './check-rejection.ts'

/** Checks trees {dockerfile, expect}, directives {kind, directive, text, expect} and heredoc words {text, expect}. */
export function checkParser(record: Case): string | undefined {
  if (record['dockerfile'] !== undefined) return checkTree(record)
  return record['kind'] === undefined ? checkHeredocWord(record) : checkDirective(record)
}

function checkTree(record: Case): string | undefined {
  const text = stringOf(record['dockerfile'])
  const expected = recordOf(record['expect'])
  if (typeof expected['error'] === 'string') return checkRejection(text, expected['error'], expected['errorLines'])
  const dockerfile = parse(text)
  const tree = toBuildKitTree(dockerfile)
  const { escape: escapeCharacter, startLine, endLine, warnings, errors } = tree
  const actual = {
    ast: tree.nodes,
    dump: formatBuildKitTree(tree),
    endLine,
    escape: escapeCharacter,
    startLine,
    ...(warnings.length > 0 && { warnings }),
  }
  return describeErrors({ ...dockerfile, diagnostics: errors }) ?? compare(text, expected, actual)
}

function checkHeredocWord(record: Case): string | undefined {
  const text = stringOf(record['text'])
  const expected = recordOf(record['expect'])
  const word = parseHeredocWord(text)
  const isError = word !== undefined && 'error' in word
  if (expected['error'] !== undefined) return isError ? undefined : compare(text, expected, word)
  if (!word || isError) return compare(text, expected, { heredoc: word ?? null })
  const { name, fileDescriptor: fd, expand, chomp } = word
  return compare(text, expected, { heredoc: { chomp, expand, fd, name } })
}

function checkDirective(record: Case): string | undefined {
  const text = stringOf(record['text'])
  const { kind } = record
  const expected = recordOf(record['expect'])
  if (kind === 'directives') {
    const directives = parseDirectives(text).map(({ name, value }) => ({ name, value }))
    return compare(text, expected['directives'], directives)
  }
  const name = record['directive'] as Directive['name']
  const found = kind === 'syntax' ? detectSyntax(text) : findDirective(name, text)
  return compare(text, expected, toRecord(found, kind === 'syntax' ? 'ref' : 'value'))
}

function toRecord(found: FoundDirective | undefined, key: 'ref' | 'value'): Case {
  return found ? { cmdline: found.full, line: found.line, ok: true, [key]: found.value } : { ok: false }
}
