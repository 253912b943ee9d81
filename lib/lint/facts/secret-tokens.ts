// Secrets that can be known by their shape, wherever they stand.
import type { Span } from '../../base/source.ts'

export interface FoundToken {
  /** The kind of token, e.g. `a GitHub token`. */
  readonly what: string
  readonly span: Span
}

const SHAPES: readonly (readonly [what: string, shape: RegExp])[] = [
  ['an AWS access key ID', /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b/g],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}\b/g],
  ['a GitLab token', /\bglpat-[A-Za-z0-9_-]{20,250}/g],
  ['a Slack token', /\bxox[abeoprs]-[A-Za-z0-9-]{0,40}[0-9]{8,}[A-Za-z0-9-]{0,250}/g],
  ['a Google API key', /\bAIza[0-9A-Za-z_-]{35}\b/g],
  ['a Stripe key', /\b[sr]k_live_[0-9A-Za-z]{24,250}\b/g],
  ['a PyPI token', /\bpypi-AgE[A-Za-z0-9_-]{50,250}/g],
  ['a Docker token', /\bdckr_pat_[A-Za-z0-9_-]{27,250}/g],
  // The first letters of the key's own encoding: a mention of the header alone is no key.
  [
    'a private key',
    /-----BEGIN (?:[A-Z]{2,20} )?PRIVATE KEY-----[\s\\n"']{0,200}?[A-Za-z0-9+/][A-Za-z0-9+/=\s\\"']{40,20000}(?:-----END (?:[A-Z]{2,20} )?PRIVATE KEY-----)?/g,
  ],
]

/** In the order of the text, without those that are plainly examples. */
export function findTokens(text: string): readonly FoundToken[] {
  const found = SHAPES.flatMap(([what, shape]) =>
    [...text.matchAll(shape)]
      .filter(([token]) => !isExample(token))
      .map(({ 0: token, index }): FoundToken => ({ what, span: { start: index, end: index + token.length } })),
  )
  return found.sort((a, b) => a.span.start - b.span.start)
}

/** The text with every token's characters as `*`, but for its first four; lines and columns stay. */
export function maskTokens(text: string): string {
  let masked = ''
  let end = 0
  for (const { span } of findTokens(text)) {
    if (span.start < end) continue
    masked += text.slice(end, span.start) + mask(text.slice(span.start, span.end))
    end = span.end
  }
  return masked + text.slice(end)
}

/** A token as it may be shown. */
export const mask = (token: string): string => token.slice(0, 4) + token.slice(4).replace(/[^\s]/g, '*')

/** Tokens of documentation: `…EXAMPLE`, `xxxx…`, or of hardly any different characters. */
const isExample = (token: string): boolean =>
  /EXAMPLE|x{6}|X{6}|\.\.\.|1234567890?|abcdefgh/.test(token) || new Set(token.slice(4)).size < 8
