// The simple commands of a POSIX shell script, as far as they can be read without running it.

export interface ShellCommand {
  /**
   * Without quotes, redirections, leading assignments and `sudo`; variables and substitutions are as written.
   * Never empty.
   */
  readonly words: readonly string[]
  /** The operator or keyword (`then`) before the command; empty for the first. */
  readonly after: string
}

const LONGEST_SCRIPT = 200_000
const KEYWORDS: ReadonlySet<string> = new Set([
  'if',
  'then',
  'elif',
  'else',
  'while',
  'until',
  'do',
  '!',
  '{',
  'time',
  'fi',
  'done',
  '}',
])
const PREFIXES: ReadonlySet<string> = new Set(['sudo', 'exec', 'command', 'env', 'nice'])

/**
 * Parts that can't be read for certain stay as they are: a substitution is part of its word, `case` patterns
 * are words.
 */
export function shellCommands(script: string): readonly ShellCommand[] {
  if (script.length > LONGEST_SCRIPT) return []
  const commands: ShellCommand[] = []
  const delimiters: { readonly name: string; readonly chomp: boolean }[] = []
  let words: string[] = []
  let after = ''
  let at = 0
  const finish = (operator: string): void => {
    const command = simplify(words, after)
    if (command) commands.push(command)
    words = []
    after = operator
  }
  while (at < script.length) {
    const character = script.charAt(at)
    const operator = /^(?:&&|\|\||;;|[;|&\n(){}])/.exec(script.slice(at, at + 2))?.[0]
    if (character === '#') at = endOfLine(script, at)
    else if (/[ \t\r]/.test(character)) at++
    else if (operator !== undefined && !(operator === '{' || operator === '}')) {
      finish(operator)
      at += operator.length
      if (operator === '\n') at = skipHeredocs(script, at, delimiters)
    } else {
      const redirection = /^(?:&>>?|[0-9]*(?:<<<|<<-?|>>|>\||[<>]&?))[ \t]*/.exec(script.slice(at, at + 40))?.[0]
      const { word, end } = readWord(script, at + (redirection?.length ?? 0))
      if (redirection === undefined) words.push(word)
      else if (/<<-?[ \t]*$/.test(redirection) && !redirection.includes('<<<')) {
        delimiters.push({ name: word, chomp: redirection.includes('-') })
      }
      at = Math.max(end, at + 1)
    }
  }
  finish('')
  return commands
}

function simplify(words: readonly string[], after: string): ShellCommand | undefined {
  let first = 0
  for (let word = words[0]; word !== undefined; word = words[first]) {
    const isAssignment = /^[A-Za-z_]\w*=/.test(word)
    if (KEYWORDS.has(word)) after = word
    else if (!isAssignment && !PREFIXES.has(word)) break
    first++
    // The flags of a prefix, such as `sudo -E`.
    while (PREFIXES.has(word) && words[first]?.startsWith('-')) first++
  }
  const rest = words.slice(first)
  return rest.length === 0 ? undefined : { words: rest, after }
}

function readWord(script: string, start: number): { readonly word: string; readonly end: number } {
  let word = ''
  let at = start
  while (at < script.length) {
    const character = script.charAt(at)
    if (/[\s;|&<>()]/.test(character)) break
    if (character === '\\') {
      word += script.charAt(at + 1)
      at += 2
    } else if (character === "'" || character === '"') {
      const end = endOfQuote(script, at)
      word += script.slice(at + 1, end - 1)
      at = end
    } else if (character === '`' || (character === '$' && /[({]/.test(script.charAt(at + 1)))) {
      const end = endOfSubstitution(script, at)
      word += script.slice(at, end)
      at = end
    } else {
      word += character
      at++
    }
  }
  return { word, end: at }
}

function endOfQuote(script: string, start: number): number {
  const quote = script.charAt(start)
  let at = start + 1
  while (at < script.length && script.charAt(at) !== quote) at += quote === '"' && script.charAt(at) === '\\' ? 2 : 1
  return Math.min(at + 1, script.length)
}

function endOfSubstitution(script: string, start: number): number {
  if (script.charAt(start) === '`') {
    const end = script.indexOf('`', start + 1)
    return end === -1 ? script.length : end + 1
  }
  let depth = 0
  let at = start + 1
  while (at < script.length) {
    const character = script.charAt(at)
    if (character === '\\') at++
    else if (character === "'" || character === '"') at = endOfQuote(script, at) - 1
    else if (character === '(' || character === '{') depth++
    else if ((character === ')' || character === '}') && --depth === 0) return at + 1
    at++
  }
  return script.length
}

/** Behind the bodies of the heredocs that the line before `start` opened. */
function skipHeredocs(
  script: string,
  start: number,
  delimiters: { readonly name: string; readonly chomp: boolean }[],
): number {
  let at = start
  for (const { name, chomp } of delimiters.splice(0)) {
    while (at < script.length) {
      const end = endOfLine(script, at)
      const line = script.slice(at, end)
      at = end + 1
      if ((chomp ? line.replace(/^\t+/, '') : line) === name) break
    }
  }
  return Math.min(at, script.length)
}

function endOfLine(script: string, start: number): number {
  const end = script.indexOf('\n', start)
  return end === -1 ? script.length : end
}
