// Finds the native helper, a small static program (native/README.md). tsbuild works without it.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The helper's name. */
export const HELPER = 'tsbuild-sandbox'

/** The beginning of `--version` of a helper that speaks this version's protocol. */
const PROTOCOL = 'tsbuild-sandbox 1 '

/**
 * The path of a helper that starts here, undefined if there is none. Looked for in this order:
 * `$TSBUILD_SANDBOX_HELPER` (if that is set, nowhere else; empty for no helper), the npm package of this processor, a
 * checkout's own build.
 */
export function findHelper(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (process.platform !== 'linux') return undefined
  const named = env['TSBUILD_SANDBOX_HELPER']
  const candidates = named === undefined ? [fromPackage(), fromCheckout()] : [named]
  return candidates.find((path) => path !== undefined && path !== '' && startsHere(path))
}

function fromPackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@tsbuild/sandbox-linux-${process.arch}/bin/tsbuild-sandbox`)
  } catch {
    return undefined // The package is optional.
  }
}

/** The path of a checkout's own build, the same from lib/ and from dist/. */
function fromCheckout(): string {
  return fileURLToPath(new URL(`../../../native/build/tsbuild-sandbox-linux-${process.arch}`, import.meta.url))
}

function startsHere(path: string): boolean {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5000, env: {} })
  return status === 0 && stdout.startsWith(PROTOCOL)
}
