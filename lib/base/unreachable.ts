/** Closes a `switch` over a union: the compiler proves that every case is handled. */
export function unreachable(value: never): never {
  throw new Error(`bug: unexpected ${JSON.stringify(value)}`)
}
