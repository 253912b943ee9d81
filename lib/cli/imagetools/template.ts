// The part of Go's template language that `imagetools inspect --format` needs: fields, index and json.
import { UsageError } from '../arguments/usage-error.ts'
import type { TemplateData } from './template-data.ts'

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'action'
      /** The action as written. */
      readonly text: string
      readonly json: boolean
      /** The keys to follow from the data. Those with `exact` are keys of maps, others are names of fields. */
      readonly path: readonly { readonly key: string; readonly exact: boolean }[]
      /** Whether the action needs the configs of images. */
      readonly needsImages: boolean
    }

const FIELDS = ['Name', 'Manifest', 'Image']

/** Whether a format is `{{.Manifest}}`, for which the output is the same as without a format. */
export function isWholeManifest(format: string): boolean {
  return /^\s*\{\{\s*\.Manifest\s*\}\}\s*$/.test(format)
}

/** Parses a template. Throws a {@link UsageError} for anything but fields, `index` and `json`. */
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
      `--format does not support ${JSON.stringify(text)}: it has fields, index and json`,
      {
        hint: "print JSON with --raw or --format '{{json .}}', and process it with jq",
      },
    )
  }
  const [first] = path
  if (first && !FIELDS.includes(first.key)) {
    throw new UsageError('OPTION_INVALID', `--format has no field .${first.key}: it has .Name, .Manifest and .Image`, {
      unknown: { word: first.key, candidates: FIELDS, prefix: '.' },
    })
  }
  return { kind: 'action', text, json, path, needsImages: first === undefined || first.key === 'Image' }
}

type Path = { readonly key: string; readonly exact: boolean }[]

/** Consumes a value: a field, `index VALUE "KEY"…`, or a value in parentheses, perhaps followed by fields. */
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

/** Fills a template. Throws a {@link UsageError} for an action whose value is an object. */
export function fillTemplate(parts: readonly TemplatePart[], data: TemplateData): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : fillAction(part, data))).join('')
}

function fillAction(action: TemplatePart & { readonly kind: 'action' }, data: TemplateData): string {
  let value: unknown = data
  for (const step of action.path) value = memberOf(value, step)
  if (action.json) return JSON.stringify(value ?? null, undefined, 2)
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  throw new UsageError('OPTION_INVALID', `${action.text} is an object, not a text`, {
    hint: `write it as ${action.text.replace(/^\{\{\s*/, '{{json ')}`,
  })
}

/** The member with a name as in Go: `DiffIDs` is `diff_ids`, `OSVersion` is `os.version`. */
function memberOf(value: unknown, { key, exact }: Path[number]): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value)
  const own = entries.find(([name]) => name === key)
  if (own || exact) return own?.[1]
  const plain = (name: string): string => name.replace(/[_.]/g, '').toLowerCase()
  return entries.find(([name]) => plain(name) === plain(key))?.[1]
}
