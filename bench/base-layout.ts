// A small base image as an OCI layout, written here so that no contender's own code makes it.
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { arch } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** Writes the layout into a directory and replaces an existing one. The image is tagged `latest`. */
export async function writeBaseLayout(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true })
  const put = (bytes: Buffer, mediaType: string): object => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(directory, 'blobs/sha256', hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value))
  const tar = await baseTar()
  const layer = put(gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip')
  const diffID = `sha256:${createHash('sha256').update(tar).digest('hex')}`
  const config = put(
    json({
      os: 'linux',
      architecture: arch() === 'x64' ? 'amd64' : arch(),
      config: {},
      rootfs: { type: 'layers', diff_ids: [diffID] },
      history: [{ created_by: 'bench' }],
    }),
    'application/vnd.oci.image.config.v1+json',
  )
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = put(json({ schemaVersion: 2, mediaType, config, layers: [layer] }), mediaType)
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' }
  writeFileSync(join(directory, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }))
  writeFileSync(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }))
}

async function baseTar(): Promise<Buffer> {
  const archive = pack()
  const mtime = new Date(1_700_000_000_000)
  archive.entry({ name: 'etc/', type: 'directory', mtime }).end(undefined)
  archive.entry({ name: 'etc/passwd', mtime }, 'root:x:0:0:root:/root:/bin/sh\n')
  archive.finalize()
  const parts: Uint8Array[] = []
  for await (const chunk of archive) parts.push(chunk as Uint8Array)
  return Buffer.concat(parts)
}
