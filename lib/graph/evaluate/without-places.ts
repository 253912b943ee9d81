/** Parts of a graph as JSON that says what is done, and not where in the Dockerfile that is written. */
export function withoutPlaces(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === 'span' ? undefined : part))
}
