/** What a WWW-Authenticate header asks for. */
export interface Challenge {
  /** Lower-case: `basic`, `bearer`, … */
  readonly scheme: string
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const VALUE = /\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,]*))/y
const GAP = /[\s,]*/y

/**
 * The challenges of a WWW-Authenticate header, in its order (RFC 9110, 11.6.1). Takes what registries really send: several challenges
 * in one header, missing quotes and commas. What can't be read is left out.
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
