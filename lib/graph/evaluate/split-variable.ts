/** `NAME=value` as its parts; without a `=` the value is empty. */
export function splitVariable(entry: string): [name: string, value: string] {
  const at = entry.indexOf('=')
  return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)]
}
