/** Parts of a graph as JSON, without the spans: they decide nothing about a result. */
export function withoutSpans(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === 'span' ? undefined : part))
}
