/** The index of a name among items that are sorted by their names, or -1. */
export function indexOfName<T>(items: readonly T[], name: string, nameOf: (item: T) => string): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (nameOf(items[middle] as T) < name) low = middle + 1
    else high = middle
  }
  return low < items.length && nameOf(items[low] as T) === name ? low : -1
}
