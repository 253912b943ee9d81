import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/**
 * The store's directory: `$TSBUILD_HOME`, else `$XDG_CACHE_HOME/tsbuild`, else `~/.cache/tsbuild`. Empty variables
 * count as unset, and so does a relative `$XDG_CACHE_HOME`, as the XDG base directory specification says.
 */
export function storeHome(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = env['TSBUILD_HOME']
  if (home) return resolve(home)
  const cache = env['XDG_CACHE_HOME']
  return join(cache && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'tsbuild')
}
