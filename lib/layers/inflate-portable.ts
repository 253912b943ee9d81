// Decompression that Node.js does not have, by packages in JavaScript and WebAssembly. Loaded when needed.
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'

export type PortableCompression = 'bzip2' | 'xz' | 'zstd'

/** The bytes of a compressed source. Damage makes the package throw: a plain error with the reason. */
export function inflatePortable(
  source: AsyncIterable<Uint8Array>,
  algorithm: PortableCompression,
): AsyncIterable<Uint8Array> {
  switch (algorithm) {
    case 'bzip2':
      return inflateBzip2(source)
    case 'xz':
      return inflateXz(source)
    case 'zstd':
      return inflateZstd(source)
  }
}

async function* inflateBzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: unbzip2 } = await import('unbzip2-stream')
  const input = Readable.from(source, { objectMode: false })
  const old = unbzip2()
  // The package's stream is of an old kind, which knows no destroy().
  const output = new PassThrough()
  input.on('error', (error) => output.destroy(error))
  old.on('error', (error) => output.destroy(error))
  input.pipe(old).pipe(output)
  try {
    for await (const chunk of output) yield chunk as Uint8Array
  } finally {
    input.destroy()
  }
}

async function* inflateXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = await import('xz-decompress')
  const output: AsyncIterable<Uint8Array> = new XzReadableStream(ReadableStream.from(source))
  yield* output
}

async function* inflateZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd')
  let ready: Uint8Array[] = []
  const decoder = new Decompress((chunk) => ready.push(chunk))
  for await (const chunk of source) {
    decoder.push(chunk)
    yield* ready
    ready = []
  }
  decoder.push(new Uint8Array(0), true)
  yield* ready
}
