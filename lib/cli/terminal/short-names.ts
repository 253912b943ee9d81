// Names and digests in their short forms.

/** `docker.io/library/app:1` → `app:1`. */
export function shortName(name: string): string {
  return name.replace(/^docker\.io\/(library\/)?/, '')
}

/** The first twelve hexadecimal digits, as Docker shows image IDs. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12)
}
