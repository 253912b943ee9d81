// Pulls and pushes an image with one layer of 1 GiB, with Debian's docker-registry on this machine: tsbuild and skopeo.
import { type ChildProcess, spawn } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions } from './bench-options.ts'
import { type Measurement, measure } from './measure.ts'
import { missingCommand } from './missing-command.ts'
import { formatTable } from './report.ts'

const MIB = 1024
const HOST = '127.0.0.1:5965'

interface Contender {
  readonly name: string
  /** Pulls `${HOST}/bench:1` to an empty directory. */
  readonly pull: string
  /** Pushes the image to an empty registry. */
  readonly push: string
  readonly env: Readonly<Record<string, string>>
}

export async function registry({ runs, directory }: BenchOptions): Promise<void> {
  const root = resolve(import.meta.dirname, '..')
  const missing = missingCommand('docker-registry', 'skopeo')
  if (missing) throw new Error(missing)
  if (!existsSync(join(root, 'dist/cli/main.js'))) throw new Error('dist/ is not built: npm run build')
  const [work, context, data] = ['work', 'registry', 'registry-data'].map((name) => join(directory, name))
  if (!work || !context || !data) throw new Error('bug: three names are three places')
  const tsbuild = `node ${root}/bin/tsbuild.js`
  // The store and the layout from which the image is pushed.
  const [source, layout] = [join(directory, 'registry-store'), join(directory, 'registry-layout')]
  await prepare(tsbuild, context, source, layout)
  const contenders: readonly Contender[] = [
    {
      name: 'tsbuild',
      pull: `TSBUILD_HOME=${work}/store ${tsbuild} pull -q ${HOST}/bench:1`,
      // The origins of the blobs are removed, so that nothing is mounted.
      push: `rm -rf ${source}/derived/origin; TSBUILD_HOME=${source} ${tsbuild} push -q bench ${HOST}/bench:1`,
      env: {},
    },
    {
      name: 'skopeo',
      pull: `skopeo copy -q --src-tls-verify=false docker://${HOST}/bench:1 oci:${work}/layout:1`,
      push: `skopeo copy -q --dest-tls-verify=false oci:${layout} docker://${HOST}/bench:1`,
      env: { HOME: work, XDG_RUNTIME_DIR: work },
    },
  ]
  const results = contenders.map(({ name }) => ({ name, pull: [] as Measurement[], push: [] as Measurement[] }))
  for (let run = 0; run < runs; run++) {
    for (const [at, contender] of contenders.entries()) {
      for (const what of ['push', 'pull'] as const) {
        rmSync(work, { recursive: true, force: true })
        mkdirSync(work, { recursive: true })
        if (what === 'push') rmSync(data, { recursive: true, force: true })
        const server = await serve(data)
        try {
          results[at]?.[what].push(await measure(contender[what], contender.env))
        } finally {
          await stop(server)
        }
      }
    }
  }
  for (const place of [work, data]) rmSync(place, { recursive: true, force: true })
  for (const what of ['pull', 'push'] as const) {
    console.log(`\n${what} of a layer of ${MIB} MiB; medians of ${runs} interleaved runs\n`)
    const series = results.map((result) => ({ name: result.name, runs: result[what], outputBytes: MIB << 20 }))
    console.log(formatTable(series, 'skopeo'))
  }
}

/** The image, in a store and in a layout. Its layer is incompressible, so that compression is not measured. */
async function prepare(tsbuild: string, context: string, store: string, layout: string): Promise<void> {
  if (existsSync(join(layout, 'index.json'))) return
  mkdirSync(context, { recursive: true })
  await pipeline(noise, createWriteStream(join(context, 'noise')))
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY noise /\n')
  const output = `type=oci,dest=${layout},tar=false`
  await measure(`${tsbuild} build -q -t bench -o ${output} ${context}`, { TSBUILD_HOME: store })
  if (statSync(join(layout, 'index.json')).size === 0) throw new Error('the layout is empty')
}

function* noise(): Iterable<Uint8Array> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(1 << 20)
  for (let at = 0; at < MIB; at++) yield cipher.update(zeros)
}

async function serve(data: string): Promise<ChildProcess> {
  mkdirSync(data, { recursive: true })
  const file = `${data}.yml`
  const storage = { filesystem: { rootdirectory: data } }
  // JSON is valid YAML.
  writeFileSync(file, JSON.stringify({ version: 0.1, log: { level: 'error' }, storage, http: { addr: HOST } }))
  const server = spawn('docker-registry', ['serve', file], { stdio: 'ignore' })
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await fetch(`http://${HOST}/v2/`).catch(() => undefined)) return server
    await sleep(50)
  }
  throw new Error(`docker-registry does not listen at ${HOST}`)
}

async function stop(server: ChildProcess): Promise<void> {
  const gone = new Promise((done) => server.once('exit', done))
  server.kill()
  await gone
}
