// Finds the native helper, a small static program that is part of the package (native/README.md).
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The helper's name. */
export const HELPER = 'tsbuild-sandbox'

/** The beginning of `--version` of a helper that speaks this version's protocol. */
const PROTOCOL = 'tsbuild-sandbox 1 '

/**
 * The path of a helper that starts here, undefined if there is none: `$TSBUILD_SANDBOX_HELPER` if it is set (empty for
 * no helper), else the npm package's program for this processor.
 */
export function findHelper(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (process.platform !== 'linux') return undefined
  const path = env['TSBUILD_SANDBOX_HELPER'] ?? packagedHelper()
  return path !== '' && startsHere(path) ? path : undefined
}

/** The path is the same from lib/ and from dist/. Empty in a bundle of another program, which has no URL of its own. */
function packagedHelper(): string {
  const url: string | undefined = import.meta.url
  if (url === undefined) return ''
  return fileURLToPath(new URL(`../../../native/bin/tsbuild-sandbox-linux-${process.arch}`, url))
}

const tried = new Map<string, boolean>()

/** Each path is tried once a process. */
function startsHere(path: string): boolean {
  const known = tried.get(path)
  if (known !== undefined) return known
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5000, env: {} })
  const starts = status === 0 && stdout.startsWith(PROTOCOL)
  tried.set(path, starts)
  return starts
}
