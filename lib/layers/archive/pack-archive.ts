import { once } from 'node:events'
import { type Pack, pack } from 'tar-stream'

/** A file or directory of an OCI or docker archive. Its name is ASCII. */
export type ArchiveMember =
  | { readonly kind: 'directory'; readonly name: string }
  | { readonly kind: 'bytes'; readonly name: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'stream'
      readonly name: string
      readonly size: number
      readonly open: () => AsyncIterable<Uint8Array>
    }

/**
 * Packs few and large files into a tar stream: image archives, not layers. Deterministic: mode 0644
 * (directories 0755), owner root, all times `mtime` (seconds since 1970). A member's stream is opened when its
 * turn comes; one that is not as long as its size, or that fails, fails the archive.
 */
export async function* packArchive(
  members: Iterable<ArchiveMember> | AsyncIterable<ArchiveMember>,
  options: { readonly mtime: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const archive = pack()
  // A failure reaches the reader as the stream's own.
  const feeding = feed(archive, members, options.mtime).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  try {
    for await (const chunk of archive) yield chunk as Uint8Array
  } finally {
    archive.destroy()
    await feeding
  }
}

async function feed(
  archive: Pack,
  members: Iterable<ArchiveMember> | AsyncIterable<ArchiveMember>,
  seconds: number,
): Promise<void> {
  // tar-stream counts seconds in 32 bits.
  const mtime = new Date(Math.min(seconds, 0x7fff_ffff) * 1000)
  for await (const member of members) {
    if (member.kind === 'directory') {
      await add(archive, { name: `${member.name}/`, type: 'directory', mode: 0o755, mtime })
    } else if (member.kind === 'bytes') {
      const { name, bytes } = member
      await add(archive, { name, size: bytes.length, mode: 0o644, mtime }, [bytes])
    } else {
      const { name, size } = member
      await add(archive, { name, size, mode: 0o644, mtime }, member.open())
    }
  }
  archive.finalize()
}

type Header = Parameters<Pack['entry']>[0]

async function add(
  archive: Pack,
  header: Header,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = [],
): Promise<void> {
  let sink: ReturnType<Pack['entry']> | undefined
  // Settles when the entry is complete, and also if the reader goes away.
  const done = new Promise<void>((resolve, reject) => {
    sink = archive.entry(header, (error) => (error ? reject(error) : resolve()))
    sink.on('error', reject)
  })
  // Awaited below, if nothing fails before.
  done.catch(() => {})
  for await (const chunk of content) if (sink?.write(chunk) === false) await Promise.race([once(sink, 'drain'), done])
  sink?.end(undefined)
  await done
}
