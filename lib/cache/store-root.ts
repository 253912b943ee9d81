// The store's directory: what makes it an image layout, and what says which version of this program's format it has.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { readJsonIfSound, storeIO } from './store-file.ts'

/** Raised when the store's files change in a way that older programs would misread. */
export const STORE_VERSION = 1

const MARK = 'tsbuild-store.json'
const CACHEDIR_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache of tsbuild: images, layers and build results, which can be made again.
# See https://bford.info/cachedir/
`

/**
 * Makes the directory a store if it is new or empty. Errors with `STORE_VERSION` if it belongs to something else, `STORE_IO`.
 */
export function prepareRoot(root: string): void {
  storeIO(`creating the store ${JSON.stringify(root)}`, () => mkdirSync(root, { recursive: true }))
  const mark = readJsonIfSound(join(root, MARK))
  if (mark === undefined) {
    initialise(root)
    return
  }
  const version = typeof mark === 'object' && mark !== null && 'version' in mark ? mark.version : undefined
  if (version === STORE_VERSION) return
  const message = `the store ${JSON.stringify(root)} has version ${JSON.stringify(version)}, this program needs ${STORE_VERSION}`
  throw new TsbuildError('STORE_VERSION', message, {
    hint: 'set TSBUILD_HOME to another directory, or remove this one',
  })
}

function initialise(root: string): void {
  storeIO(`creating the store ${JSON.stringify(root)}`, () => {
    // A kill or a race may leave some of our own files; anything else isn't ours to write into.
    const foreign = readdirSync(root).find((name) => !OWN.has(name))
    if (foreign !== undefined) {
      throw new TsbuildError(
        'STORE_VERSION',
        `${JSON.stringify(root)} is not a store, and not empty: it has ${JSON.stringify(foreign)}`,
        {
          hint: 'set TSBUILD_HOME to a new or empty directory',
        },
      )
    }
    mkdirSync(join(root, 'blobs', 'sha256'), { recursive: true })
    writeFileSync(join(root, 'CACHEDIR.TAG'), CACHEDIR_TAG)
    writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    // Last: from here on it is a store.
    writeFileSync(join(root, MARK), `{"version":${STORE_VERSION}}\n`)
  })
}

const OWN: ReadonlySet<string> = new Set([
  MARK,
  'CACHEDIR.TAG',
  'oci-layout',
  'index.json',
  'blobs',
  'references',
  'records',
  'layers',
  'derived',
  'sandbox',
  'tmp',
])
