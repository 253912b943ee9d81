// Run by Node.js in an environment: builds the same Dockerfile again and again with one store, and writes the results to a file.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const { library, directory, sequences } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { build } = await import(library)

/** Makes the store's records those of a version that wrote nothing about owners. */
function forgetOwners(store) {
  const records = join(store, 'records')
  for (const name of readdirSync(records, { recursive: true })) {
    if (!name.endsWith('.json')) continue
    const record = JSON.parse(readFileSync(join(records, name), 'utf8'))
    delete record.result.owners
    writeFileSync(join(records, name), JSON.stringify(record))
  }
}

const results = []
for (const [at, sequence] of sequences.entries()) {
  const store = join(directory, `store-${at}`)
  const built = []
  results.push(built)
  for (const { helper = true, isolation = 'auto', strict = false, old = false } of sequence) {
    if (helper) delete process.env.TSBUILD_SANDBOX_HELPER
    else process.env.TSBUILD_SANDBOX_HELPER = ''
    if (old) forgetOwners(store)
    const warnings = []
    try {
      const { image, steps } = await build({
        context: join(directory, 'context'),
        buildContexts: { base: `oci-layout://${join(directory, 'base')}` },
        store,
        sourceDateEpoch: 1_700_000_000,
        outputs: [],
        run: { isolation, strictOwnership: strict },
        onEvent: (event) => event.type === 'warning' && warnings.push(event.message),
      })
      built.push({ diffIDs: image.config.rootfs.diff_ids, allCached: steps.cached === steps.total, warnings })
    } catch (error) {
      built.push({ code: error.code ?? String(error), warnings })
    }
  }
}
writeFileSync(join(directory, 'results.json'), JSON.stringify(results))
