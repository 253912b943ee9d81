/** Whether a source of ADD is a git repository, as BuildKit tells them: git URLs, scp-like addresses, http(s) URLs of a `.git`. */
export function isGitSource(source: string): boolean {
  if (/^(git|ssh):\/\//.test(source)) return true
  if (/^[\w.-]+@[\w.-]+:[^\s]/.test(source)) return true
  return /^https?:\/\/[^?#]+\.git(?:[?#].*)?$/.test(source)
}

/** Whether a source of ADD is a file to download. */
export function isHttpSource(source: string): boolean {
  return /^https?:\/\//.test(source) && !isGitSource(source)
}
