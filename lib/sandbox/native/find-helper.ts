// Finds the native helper, a small static program (native/README.md). Without it everything else works.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** What the helper is called. */
export const HELPER = 'tsbuild-sandbox'

/** What `--version` of a helper says that speaks the protocol of this version. */
const PROTOCOL = 'tsbuild-sandbox 1 '

/**
 * The path of a helper that starts here, undefined if there is none. Looked for in this order: `$TSBUILD_SANDBOX_HELPER` (if it is set,
 * nowhere else; empty for none), the npm package of this processor, a checkout's own build.
 */
export function findHelper(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  if (process.platform !== 'linux') return undefined
  const told = env['TSBUILD_SANDBOX_HELPER']
  const candidates = told === undefined ? [fromPackage(), fromCheckout()] : [told]
  return candidates.find((path) => path !== undefined && path !== '' && startsHere(path))
}

function fromPackage(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@tsbuild/sandbox-linux-${process.arch}/bin/tsbuild-sandbox`)
  } catch {
    return undefined // The package is optional.
  }
}

/** From lib/sandbox as well as from dist/sandbox. */
function fromCheckout(): string {
  return fileURLToPath(new URL(`../../../native/build/tsbuild-sandbox-linux-${process.arch}`, import.meta.url))
}

function startsHere(path: string): boolean {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 5000, env: {} })
  return status === 0 && stdout.startsWith(PROTOCOL)
}
