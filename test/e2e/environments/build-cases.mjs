// Run by Node.js in an environment: builds the stages of a Dockerfile, each on its own, and writes the results to a file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
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
      buildContexts: Object.fromEntries(
        ['base', 'glibc', 'debian'].flatMap((base) =>
          existsSync(join(directory, base)) ? [[base, `oci-layout://${join(directory, base)}`]] : [],
        ),
      ),
      store: join(directory, 'store'),
      sourceDateEpoch: 1_700_000_000,
      // A whole Debian takes seconds to write, so that only the layers are compared.
      outputs: name.startsWith('debian-') ? [] : [{ type: 'tar', dest: join(directory, `${name}.tar`) }],
      run: { isolation, secrets: { s: { kind: 'value', value: 'hush' } } },
      onEvent: (event) => {
        if (event.type === 'warning') warnings.push(event.message)
        if (event.type === 'log') log += event.text
      },
    })
    results[name] = { diffIDs: image.config.rootfs.diff_ids, sandbox, warnings }
  } catch (error) {
    results[name] = { code: error.code, message: `${error.message}\n${log}`.trim(), hint: error.hint, warnings }
  }
}
writeFileSync(join(directory, 'results.json'), JSON.stringify(results))
