// The part of Go's templates that people use with `imagetools inspect --format`: fields, index and json.
import { UsageError } from '../arguments/usage-error.ts'
import type { TemplateData } from './template-data.ts'

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'action'
      /** As it was written. */
      readonly text: string
      readonly json: boolean
      /** Keys to follow from the data: names of fields, and with `exact` keys of maps. */
      readonly path: readonly { readonly key: string; readonly exact: boolean }[]
      /** Whether configs have to be read for it. */
      readonly needsImages: boolean
    }

const FIELDS = ['Name', 'Manifest', 'Image']

/** `{{.Manifest}}`, which means what is shown without a template. */
export function isWholeManifest(format: string): boolean {
  return /^\s*\{\{\s*\.Manifest\s*\}\}\s*$/.test(format)
}

/** Reads a template. Throws a {@link UsageError} for what it has beyond fields, `index` and `json`. */
export function parseTemplate(format: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = []
  let at = 0
  for (const match of format.matchAll(/\{\{(.*?)\}\}/gs)) {
    if (match.index > at) parts.push({ kind: 'text', text: format.slice(at, match.index) })
    parts.push(parseAction(match[0], match[1] ?? ''))
    at = match.index + match[0].length
  }
  if (at < format.length) parts.push({ kind: 'text', text: format.slice(at) })
  return parts
}

function parseAction(text: string, inner: string): TemplatePart {
  const tokens = inner.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\.[A-Za-z_][\w.]*|[A-Za-z]+|\d+|[^\s]/g) ?? []
  const json = tokens[0] === 'json'
  const rest = [...tokens.slice(json ? 1 : 0)]
  const path = parseValue(rest)
  if (!path || rest.length > 0) {
    throw new UsageError(
      'UNSUPPORTED',
      `--format can't have ${JSON.stringify(text)}: there are fields, index and json`,
      {
        hint: "print JSON with --raw or --format '{{json .}}', and take it apart with jq",
      },
    )
  }
  const [first] = path
  if (first && !FIELDS.includes(first.key)) {
    throw new UsageError(
      'OPTION_INVALID',
      `--format has no field .${first.key}: there are .Name, .Manifest and .Image`,
      {
        unknown: { word: first.key, candidates: FIELDS, prefix: '.' },
      },
    )
  }
  return { kind: 'action', text, json, path, needsImages: first === undefined || first.key === 'Image' }
}

type Path = { readonly key: string; readonly exact: boolean }[]

/** Takes a value off the tokens: a field, `index VALUE "KEY"…`, or one in parentheses with fields of it. */
function parseValue(tokens: string[]): Path | undefined {
  const token = tokens.shift()
  if (token === '.') return []
  if (token?.startsWith('.')) return fieldsOf(token)
  if (token === '(') {
    const inner = parseValue(tokens)
    if (!inner || tokens.shift() !== ')') return undefined
    return tokens[0]?.startsWith('.') ? [...inner, ...fieldsOf(tokens.shift() ?? '')] : inner
  }
  if (token !== 'index') return undefined
  const path = parseValue(tokens)
  if (!path || tokens[0] === undefined || tokens[0] === ')') return undefined
  while (tokens[0] !== undefined && tokens[0] !== ')') {
    const key = keyOf(tokens.shift() ?? '')
    if (key === undefined) return undefined
    path.push({ key, exact: true })
  }
  return path
}

const fieldsOf = (token: string): Path =>
  token
    .split('.')
    .filter((key) => key !== '')
    .map((key) => ({ key, exact: false }))

function keyOf(token: string): string | undefined {
  if (/^\d+$/.test(token)) return token
  return /^["`]/.test(token) ? token.slice(1, -1) : undefined
}

/** Fills a template. Throws a {@link UsageError} where a whole object would have to be text. */
export function fillTemplate(parts: readonly TemplatePart[], data: TemplateData): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : fillAction(part, data))).join('')
}

function fillAction(action: TemplatePart & { readonly kind: 'action' }, data: TemplateData): string {
  let value: unknown = data
  for (const step of action.path) value = memberOf(value, step)
  if (action.json) return JSON.stringify(value ?? null, undefined, 2)
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  throw new UsageError('OPTION_INVALID', `${action.text} is more than a word`, {
    hint: `write it as ${action.text.replace(/^\{\{\s*/, '{{json ')}`,
  })
}

/** By the name that the field has in Go: `DiffIDs` is `diff_ids`, `OSVersion` `os.version`. */
function memberOf(value: unknown, { key, exact }: Path[number]): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value)
  const own = entries.find(([name]) => name === key)
  if (own || exact) return own?.[1]
  const plain = (name: string): string => name.replace(/[_.]/g, '').toLowerCase()
  return entries.find(([name]) => plain(name) === plain(key))?.[1]
}
