import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../lib/oci/digest.ts'
import { OCI_MANIFEST } from '../../lib/oci/media-types.ts'
import { serve } from '../http/server.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const root = resolve(import.meta.dirname, '../..')
const MIB = 1 << 20
/** More than twice what the process may have. */
const SIZE = 384 * MIB
const LIMIT = 150 * MIB
/** The digest of that many zeros. */
const DIGEST = 'sha256:3201548f7070f0ae5adf2c869b15df99b5f85ca51feda443c1597c130976619a'

const config = Buffer.from(
  JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [DIGEST] } }),
)
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: sha256(config),
      size: config.byteLength,
    },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: DIGEST, size: SIZE }],
  }),
)

/** Gives an image with a layer that is nowhere whole, and takes one without keeping it. */
async function answer(request: IncomingMessage, response: ServerResponse, received: string[]): Promise<void> {
  const path = request.url ?? ''
  const isPush = path.startsWith('/v2/copy/')
  if (request.method === 'PUT') {
    const hasher = createHash('sha256')
    for await (const chunk of request) hasher.update(chunk as Buffer)
    received.push(`sha256:${hasher.digest('hex')}`)
    response.writeHead(201).end()
  } else if (request.method === 'POST') {
    response.writeHead(202, { location: '/v2/copy/blobs/uploads/1' }).end()
  } else if (isPush) {
    response.writeHead(404).end()
  } else if (path.includes('/manifests/')) {
    const headers = { 'content-type': OCI_MANIFEST, 'docker-content-digest': sha256(manifest) }
    response.writeHead(200, { ...headers, 'content-length': manifest.byteLength })
    response.end(request.method === 'HEAD' ? undefined : manifest)
  } else if (path.endsWith(DIGEST)) {
    response.writeHead(200, { 'content-length': SIZE })
    const zeros = Buffer.alloc(MIB)
    for (let sent = 0; sent < SIZE; sent += MIB) {
      if (!response.write(zeros)) await new Promise((drained) => response.once('drain', drained))
    }
    response.end()
  } else {
    response.end(path === '/v2/' ? '{}' : config)
  }
}

const SCRIPT = `
import { openStore, pullImage, pushImage } from ${JSON.stringify(join(root, 'dist/index.js'))}
const [store, name, copy] = process.argv.slice(1)
const opened = openStore(store)
const { fetched } = await pullImage(opened, name, { platform: 'linux/amd64' })
const { uploaded } = await pushImage(opened, name, { names: [copy] })
opened.close()
console.log(JSON.stringify({ fetched, uploaded, peak: process.resourceUsage().maxRSS * 1024 }))
`

test('memory does not grow with the layers that are pulled and pushed', async () => {
  const received: string[] = []
  const origin = await serve((request, response) => {
    answer(request, response, received).catch((error: unknown) => response.destroy(error as Error))
  })
  const { host } = new URL(origin)
  const args = ['--input-type=module', '-e', SCRIPT, temporaryDirectory(), `${host}/app:1`, `${host}/copy:1`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  expect(await new Promise((done) => child.once('close', done))).toBe(0)
  const { fetched, uploaded, peak } = JSON.parse(output)
  expect(fetched).toBe(SIZE)
  expect(uploaded).toBe(SIZE + config.byteLength)
  expect(received).toContain(DIGEST)
  expect(peak).toBeLessThan(LIMIT)
}, 120_000)
