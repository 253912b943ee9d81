/** A challenge of a WWW-Authenticate header. */
export interface Challenge {
  /** The scheme in lower case: `basic`, `bearer`, … */
  readonly scheme: string
  /** The parameters by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const VALUE = /\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,]*))/y
const GAP = /[\s,]*/y

/**
 * The challenges of a WWW-Authenticate header, in its order (RFC 9110, 11.6.1). Accepts the headers of real
 * registries: several challenges in one header, missing quotes and commas. Unreadable parts are skipped.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { readonly scheme: string; readonly parameters: Map<string, string> }[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(header) ?? undefined
    if (match) at = pattern.lastIndex
    return match
  }
  while (at < header.length) {
    take(GAP)
    const name = take(TOKEN)?.[0].toLowerCase()
    if (name === undefined) {
      at++
      continue
    }
    const value = take(VALUE)
    if (!value) challenges.push({ scheme: name, parameters: new Map() })
    else challenges.at(-1)?.parameters.set(name, value[1]?.replace(/\\(.)/g, '$1') ?? value[2] ?? '')
  }
  return challenges
}
