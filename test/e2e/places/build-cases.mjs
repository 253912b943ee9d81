// Run by Node in a place: builds the stages of a Dockerfile, each for itself, and writes what came of them to a file.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const { library, directory, cases, isolation } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { build } = await import(library)

const results = {}
for (const name of cases) {
  const warnings = []
  let log = ''
  try {
    const { image, sandbox } = await build({
      context: join(directory, 'context'),
      target: name,
      buildContexts: {
        base: `oci-layout://${join(directory, 'base')}`,
        glibc: `oci-layout://${join(directory, 'glibc')}`,
      },
      store: join(directory, 'store'),
      sourceDateEpoch: 1_700_000_000,
      outputs: [{ type: 'tar', dest: join(directory, `${name}.tar`) }],
      run: { isolation, secrets: { s: { kind: 'value', value: 'hush' } } },
      onEvent: (event) => {
        if (event.type === 'warning') warnings.push(event.message)
        if (event.type === 'log') log += event.text
      },
    })
    results[name] = { diffIDs: image.config.rootfs.diff_ids, sandbox, warnings }
  } catch (error) {
    results[name] = { code: error.code, message: `${error.message}\n${log}`.trim(), warnings }
  }
}
writeFileSync(join(directory, 'results.json'), JSON.stringify(results))
