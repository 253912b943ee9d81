// The shell-like language of Dockerfile words: quotes, escapes and `$` references. Follows BuildKit's
// frontend/dockerfile/shell, in what it accepts and in what it makes of odd input.
import { skipSpace } from '../white-space.ts'
import { ExpansionFailure } from './expansion-failure.ts'
import { checkLength, enter, getVariable, type Lexer, peek, take } from './lexer-state.ts'
import { requireVariable, trimPrefix, trimSuffix } from './modifiers.ts'
import { replacePattern } from './replace-pattern.ts'
import { type LexedWord, WordSplitter } from './word-splitter.ts'

/** The text as one word. */
export function lexWord(lexer: Lexer): string {
  return lexUntil(lexer, '', undefined)
}

/** The text split into words. */
export function lexWords(lexer: Lexer): LexedWord[] {
  const splitter = new WordSplitter()
  lexUntil(lexer, '', splitter)
  return splitter.finish(lexer.text.length)
}

/** Everything up to `stop`, which is taken too; up to the end of the text when `stop` is empty. */
function lexUntil(lexer: Lexer, stop: '' | '}' | '/', splitter: WordSplitter | undefined): string {
  const { text } = lexer
  let result = ''
  while (lexer.position < text.length) {
    checkLength(result.length)
    const start = lexer.position
    const next = text.charAt(start)
    if (next === stop) {
      lexer.position++
      return result
    }
    if (next === '$') {
      const value = lexDollar(lexer, splitter)
      result += value
      splitter?.addText(value, start)
    } else if (next === '<') {
      const value = lexHeredocOperator(lexer)
      result += value
      splitter?.addRaw(value, start)
    } else if ((next === '"' || next === "'") && !lexer.skipProcessQuotes) {
      const value = next === '"' ? lexDoubleQuotes(lexer, splitter) : lexSingleQuotes(lexer)
      result += value
      splitter?.addRaw(value, start)
    } else if (next === lexer.escape) {
      lexer.position++
      const escaped = take(lexer)
      const value = lexer.rawEscapes ? next + escaped : escaped
      result += value
      if (value !== '') splitter?.addRaw(value, start)
    } else {
      const value = take(lexer)
      result += value
      splitter?.addCharacter(value, start)
    }
  }
  if (stop !== '') throw new ExpansionFailure(`missing ${JSON.stringify(stop)}`)
  return result
}

function lexSingleQuotes(lexer: Lexer): string {
  const { text, position } = lexer
  const end = text.indexOf("'", position + 1)
  if (end === -1) {
    lexer.position = text.length
    throw new ExpansionFailure('unterminated single quote')
  }
  lexer.position = end + 1
  return lexer.rawQuotes ? text.slice(position, end + 1) : text.slice(position + 1, end)
}

function lexDoubleQuotes(lexer: Lexer, splitter: WordSplitter | undefined): string {
  const quote = lexer.rawQuotes ? '"' : ''
  lexer.position++
  let result = quote
  while (lexer.position < lexer.text.length) {
    checkLength(result.length)
    const next = peek(lexer)
    if (next === '"') {
      lexer.position++
      return result + quote
    }
    if (next === '$') {
      result += lexDollar(lexer, splitter)
      continue
    }
    lexer.position++
    if (next !== lexer.escape) {
      result += next
      continue
    }
    if (lexer.rawEscapes) result += next
    const escaped = peek(lexer)
    if (escaped === '') break
    // Inside double quotes other escapes stay as they are.
    if (escaped === '"' || escaped === '$' || escaped === lexer.escape) {
      lexer.position++
      result += escaped
    } else {
      result += next
    }
  }
  throw new ExpansionFailure('unterminated double quote')
}

/** `<`, or `<<` with the white space after it, which belongs to the word: `<< EOF` is one. */
function lexHeredocOperator(lexer: Lexer): string {
  const { text, position: start } = lexer
  lexer.position++
  if (peek(lexer) !== '<') return '<'
  lexer.position = skipSpace(text, start + 2, text.length, (code) => code === 0x20 || code === 0x09 || code === 0x0d)
  return text.slice(start, lexer.position)
}

function lexDollar(lexer: Lexer, splitter: WordSplitter | undefined): string {
  lexer.position++
  if (peek(lexer) !== '{') {
    const name = lexName(lexer)
    if (name === '') return '$'
    return getVariable(lexer, name) ?? (lexer.skipUnsetEnv ? `$${name}` : '')
  }
  lexer.position++
  const first = peek(lexer)
  if (first === '') throw new ExpansionFailure('missing "}"')
  if (first === '{' || first === '}' || first === ':') throw new ExpansionFailure('bad substitution')
  const name = lexName(lexer)
  const operator = take(lexer)
  if (operator === '}') return getVariable(lexer, name) ?? (lexer.skipUnsetEnv ? `\${${name}}` : '')
  enter(lexer)
  const value = operator === '/' ? lexReplacement(lexer, name, splitter) : lexModifier(lexer, name, operator, splitter)
  lexer.depth--
  return value
}

function lexModifier(lexer: Lexer, name: string, first: string, splitter: WordSplitter | undefined): string {
  const emptyIsUnset = first === ':'
  const operator = emptyIsUnset ? take(lexer) : first
  const written = emptyIsUnset ? first + operator : operator
  const isPattern = operator === '#' || operator === '%'
  const isKnown = isPattern ? !emptyIsUnset : operator === '-' || operator === '+' || operator === '?'
  if (!isKnown && (isPattern || !emptyIsUnset)) throw unsupported(written)
  const word = lexArgument(lexer, '}', isPattern, splitter)
  const value = getVariable(lexer, name)
  if (lexer.skipUnsetEnv && value === undefined) return `\${${name}${written}${word}}`
  const isSet = value !== undefined && !(emptyIsUnset && value === '')
  switch (operator) {
    case '-':
      return isSet ? value : word
    case '+':
      return isSet ? word : ''
    case '?':
      return requireVariable(name, value, emptyIsUnset, word)
    case '#':
      return trimPrefix(value ?? '', word)
    case '%':
      return trimSuffix(value ?? '', word)
    default:
      throw unsupported(written)
  }
}

function lexReplacement(lexer: Lexer, name: string, splitter: WordSplitter | undefined): string {
  const all = peek(lexer) === '/'
  if (all) lexer.position++
  const pattern = lexArgument(lexer, '/', true, splitter)
  const replacement = lexArgument(lexer, '}', true, splitter)
  const value = getVariable(lexer, name)
  if (lexer.skipUnsetEnv && value === undefined) return `\${${name}/${pattern}/${replacement}}`
  return replacePattern(value ?? '', pattern, replacement, all)
}

function lexArgument(lexer: Lexer, stop: '}' | '/', rawEscapes: boolean, splitter: WordSplitter | undefined): string {
  // BuildKit's nested runs share the outer run's buffer: what the word had so far is lost.
  splitter?.drop()
  const outer = lexer.rawEscapes
  lexer.rawEscapes = rawEscapes
  const argument = lexUntil(lexer, stop, undefined)
  lexer.rawEscapes = outer
  return argument
}

/** A variable's name: letters, digits and `_`; or digits alone; or one of the shell's special parameters. */
function lexName(lexer: Lexer): string {
  const { text, position: start } = lexer
  const first = peek(lexer)
  if (isDigit(codeAt(lexer))) {
    while (isDigit(codeAt(lexer))) take(lexer)
  } else if (first !== '' && '@*#?-$!'.includes(first)) {
    lexer.position++
  } else {
    while (isNameCharacter(codeAt(lexer))) take(lexer)
  }
  return text.slice(start, lexer.position)
}

const codeAt = (lexer: Lexer): number => lexer.text.codePointAt(lexer.position) ?? -1

function isDigit(code: number): boolean {
  return code < 0x80 ? code >= 0x30 && code <= 0x39 : /^\p{Nd}$/u.test(String.fromCodePoint(code))
}

function isNameCharacter(code: number): boolean {
  if (code < 0x80) {
    const lower = code | 0x20
    return (lower >= 0x61 && lower <= 0x7a && code > 0x40) || code === 0x5f || isDigit(code)
  }
  return /^[\p{L}\p{Nd}]$/u.test(String.fromCodePoint(code))
}

const unsupported = (modifier: string): ExpansionFailure =>
  new ExpansionFailure(modifier === '' ? 'missing "}"' : `unsupported modifier ${JSON.stringify(modifier)}`)
