// The store's directory: the files that make it an image layout, and the mark with the version of its format.
import { closeSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TsbuildError } from '../base/errors.ts'
import { createFile, makeDirectory, readJsonIfSound, storeIO } from './atomic-files.ts'
import { checkPendingBlobs } from './pending-blobs.ts'
import { refuseForeignOwner, tightenModes } from './protect-root.ts'

/** The version of the store's format. Raise it when older programs would misread the files. */
export const STORE_VERSION = 1

const MARK = 'tsbuild-store.json'
const CACHEDIR_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache of tsbuild: images, layers and build results, which can be made again.
# See https://bford.info/cachedir/
`

/**
 * Turns a new or empty directory into a store, and checks what an earlier boot than `boot` may have left damaged: then
 * `checked` is true. Errors with `STORE_VERSION` if another program or version uses the
 * directory, with `STORE_OWNER` if it belongs to another user, and with `STORE_IO`.
 */
export function prepareRoot(root: string, boot: string): { readonly checked: boolean } {
  storeIO(`creating the store ${JSON.stringify(root)}`, () => makeDirectory(root))
  refuseForeignOwner(root)
  const mark = readJsonIfSound(join(root, MARK))
  if (mark === undefined) {
    initialise(root)
    return { checked: checkPendingBlobs(root, boot) }
  }
  const version = typeof mark === 'object' && mark !== null && 'version' in mark ? mark.version : undefined
  if (version === STORE_VERSION) {
    tightenModes(root)
    const checked = checkPendingBlobs(root, boot)
    if (checked) writeLayoutFiles(root)
    return { checked }
  }
  const message = `the store ${JSON.stringify(root)} has version ${JSON.stringify(version)}, this program needs ${STORE_VERSION}`
  throw new TsbuildError('STORE_VERSION', message, {
    hint: 'set TSBUILD_HOME to another directory, or remove this one',
  })
}

function initialise(root: string): void {
  storeIO(`creating the store ${JSON.stringify(root)}`, () => {
    // A kill or a race may leave some of the store's own files. Any other file belongs to someone else.
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
    tightenModes(root)
    makeDirectory(join(root, 'blobs', 'sha256'))
    writeLayoutFiles(root)
    // The mark is written last: it makes the directory a store.
    writeSmall(join(root, MARK), `{"version":${STORE_VERSION}}\n`)
  })
}

/** Files for other programs. A power cut may have emptied them. */
function writeLayoutFiles(root: string): void {
  writeSmall(join(root, 'CACHEDIR.TAG'), CACHEDIR_TAG)
  writeSmall(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

function writeSmall(path: string, text: string): void {
  const file = createFile(path, 'w')
  try {
    writeFileSync(file, text)
  } finally {
    closeSync(file)
  }
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
  'leases',
  'derived',
  'pending',
  'sandbox',
  'tmp',
  'usage',
])
