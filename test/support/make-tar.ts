import { type Pack, pack } from 'tar-stream'

type Header = Parameters<Pack['entry']>[0]

/** A tar of just these entries, with names and links as they are: nothing is made safe. */
export async function makeTar(
  ...entries: readonly (Partial<Header> & { readonly name: string; readonly body?: string | Buffer })[]
): Promise<Buffer> {
  const archive = pack()
  for (const { body = '', ...header } of entries) {
    archive.entry({ mtime: new Date(0), mode: header.type === 'directory' ? 0o755 : 0o644, ...header }, body)
  }
  archive.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of archive) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}
