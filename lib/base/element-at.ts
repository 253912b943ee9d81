/** The element of a list or map that must be there. */
export function at<T>(collection: readonly T[] | ReadonlyMap<number, T>, index: number): T {
  const value = 'get' in collection ? collection.get(index) : collection[index]
  if (value === undefined) throw new Error(`bug: no element ${index}`)
  return value
}
