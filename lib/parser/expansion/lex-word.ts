// The shell-like language of Dockerfile words: quotes, escapes and variables such as `$name` and
// `${name:-default}`. It follows BuildKit's frontend/dockerfile/shell exactly, including the results for
// malformed input.
import { skipSpace } from '../white-space.ts'
import { ExpansionFailure } from './expansion-failure.ts'
import { checkLength, enter, getVariable, type Lexer, peek, take } from './lexer-state.ts'
import { applyModifier, type Modifier, modifierText, unsupportedModifier } from './modifiers.ts'
import { type LexedWord, WordSplitter } from './word-splitter.ts'

/** Reads the text as one word. */
export function lexWord(lexer: Lexer): string {
  return lexUntil(lexer, '', undefined)
}

/** Splits the text into words. */
export function lexWords(lexer: Lexer): LexedWord[] {
  const splitter = new WordSplitter()
  lexUntil(lexer, '', splitter)
  return splitter.finish(lexer.text.length)
}

/** Reads up to `stop`, which is consumed; or to the end of the text if `stop` is empty. */
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
    // Other escapes inside double quotes are kept.
    if (escaped === '"' || escaped === '$' || escaped === lexer.escape) {
      lexer.position++
      result += escaped
    } else {
      result += next
    }
  }
  throw new ExpansionFailure('unterminated double quote')
}

/** Reads `<`, or `<<` with the white space after it: `<< EOF` is one word. */
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
  const value = lexModifier(lexer, name, operator, splitter)
  lexer.depth--
  return value
}

/** Reads a modifier from its operator up to the `}`, and applies it. */
function lexModifier(lexer: Lexer, name: string, first: string, splitter: WordSplitter | undefined): string {
  const modifier = first === '/' ? readReplacement(lexer, splitter) : readModifier(lexer, first, splitter)
  const value = getVariable(lexer, name)
  // As in BuildKit, the second slash of `//` is lost here.
  if (lexer.skipUnsetEnv && value === undefined) return `\${${name}${modifierText(modifier)}}`
  return applyModifier(name, value, modifier)
}

function readModifier(lexer: Lexer, first: string, splitter: WordSplitter | undefined): Modifier {
  const emptyIsUnset = first === ':'
  const operator = emptyIsUnset ? take(lexer) : first
  const written = emptyIsUnset ? first + operator : operator
  const isPattern = operator === '#' || operator === '%'
  const isKnown = isPattern ? !emptyIsUnset : operator === '-' || operator === '+' || operator === '?'
  if (!isKnown && (isPattern || !emptyIsUnset)) throw unsupportedModifier(written)
  const word = lexArgument(lexer, { stop: '}', rawEscapes: isPattern }, splitter)
  return { kind: 'word', operator, emptyIsUnset, word }
}

function readReplacement(lexer: Lexer, splitter: WordSplitter | undefined): Modifier {
  const all = peek(lexer) === '/'
  if (all) lexer.position++
  const pattern = lexArgument(lexer, { stop: '/', rawEscapes: true }, splitter)
  const replacement = lexArgument(lexer, { stop: '}', rawEscapes: true }, splitter)
  return { kind: 'replacement', all, pattern, replacement }
}

function lexArgument(
  lexer: Lexer,
  { stop, rawEscapes }: { readonly stop: '}' | '/'; readonly rawEscapes: boolean },
  splitter: WordSplitter | undefined,
): string {
  // BuildKit's nested runs share the buffer of the outer run, so the beginning of the word is lost.
  splitter?.drop()
  const outer = lexer.rawEscapes
  lexer.rawEscapes = rawEscapes
  const argument = lexUntil(lexer, stop, undefined)
  lexer.rawEscapes = outer
  return argument
}

/** Reads the name of a variable: letters, digits and `_`; digits alone; or a special parameter of the shell. */
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
