// Numbers as messages say them.
import { count } from '../../base/count.ts'

/** `a`, `a and b`, `a, b and c`; of more than six the first five, and how many there are besides. */
export function enumerate(items: readonly string[]): string {
  if (items.length > 6) return `${items.slice(0, 5).join(', ')} and ${count(items.length - 5, 'other')}`
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}
