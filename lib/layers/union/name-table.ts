/**
 * The names in a directory and their values. A fork freezes the table and shares it: a fork costs as much as
 * was changed since the last fork, however many names there are.
 */
export class NameTable<T> {
  /**
   * Frozen tables. Each is at least twice as large as the next, which overrides it; undefined stands for a
   * removed name.
   */
  #levels: readonly ReadonlyMap<string, T | undefined>[] = []
  #own = new Map<string, T | undefined>()

  get(name: string): T | undefined {
    const own = this.#own.get(name)
    if (own !== undefined || this.#levels.length === 0 || this.#own.has(name)) return own
    for (let at = this.#levels.length - 1; at >= 0; at--) {
      const level = this.#levels[at]
      const found = level?.get(name)
      if (found !== undefined || level?.has(name)) return found
    }
    return undefined
  }

  set(name: string, value: T): void {
    this.#own.set(name, value)
  }

  delete(name: string): void {
    if (this.#levels.length === 0) this.#own.delete(name)
    else this.#own.set(name, undefined)
  }

  clear(): void {
    this.#levels = []
    this.#own = new Map()
  }

  /** All names, in no order. */
  names(): string[] {
    const [first] = this.#levels
    if (!first) return [...this.#own.keys()]
    return [...merge([...this.#levels, this.#own]).keys()]
  }

  /** A table with the same names, for changes. This one must not be changed any more. */
  fork(): NameTable<T> {
    this.#freeze()
    const fork = new NameTable<T>()
    fork.#levels = this.#levels
    return fork
  }

  #freeze(): void {
    if (this.#own.size === 0) return
    const levels = [...this.#levels]
    const small: ReadonlyMap<string, T | undefined>[] = [this.#own]
    for (let size = this.#own.size; ; ) {
      const above = levels.at(-1)
      if (!above || above.size >= 2 * size) break
      size += above.size
      small.unshift(above)
      levels.pop()
    }
    const merged = small.length === 1 ? this.#own : merge(small, levels.length > 0)
    this.#levels = [...levels, merged]
    this.#own = new Map()
  }
}

/** Later maps override earlier ones. With `keepRemoved`, removed names stay, to hide names of tables below. */
function merge<T>(
  maps: readonly ReadonlyMap<string, T | undefined>[],
  keepRemoved = false,
): Map<string, T | undefined> {
  const merged = new Map<string, T | undefined>()
  for (const map of maps) {
    for (const [name, value] of map) {
      if (value === undefined && !keepRemoved) merged.delete(name)
      else merged.set(name, value)
    }
  }
  return merged
}
