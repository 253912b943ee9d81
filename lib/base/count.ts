// Numbers as people write them.

/** `1,204`. Intl is not used, because loading its data takes 25 ms. */
export function groupDigits(n: number): string {
  return String(n).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** `1 layer`, `1,204 layers`. */
export function count(n: number, noun: string): string {
  return `${groupDigits(n)} ${noun}${n === 1 ? '' : 's'}`
}
