/** A URL for messages: without user, password and query, which may hold secrets. */
export function safeURL(given: string | URL): string {
  if (!URL.canParse(String(given))) return '(a malformed URL)'
  const url = new URL(given)
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`
}
