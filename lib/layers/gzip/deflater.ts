// Deflate (RFC 1951) by libdeflate as WebAssembly: about half the CPU of zlib for the same size, and the same
// bytes from every Node.js.
import { DEFLATE_MODULE } from './deflate-module.ts'

/** A WebAssembly.Module: compiled code that threads can share. */
export type DeflateModule = object

/**
 * Compresses bytes in place, as a part of a deflate stream: parts end at a byte, so that any number of them and
 * a last block make a stream. Returns the compressed length, or 0 if that would not be shorter; then the bytes
 * are unchanged. A pure function of bytes and level.
 */
export type Deflater = (bytes: Uint8Array, level: number) => number

/** The exports of native/deflate/module.c. Addresses are offsets in its memory; 0 is the null pointer. */
interface DeflateExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly reserve: (size: number) => number
  readonly open: (level: number) => number
  readonly deflate: (compressor: number, input: number, length: number, output: number, room: number) => number
}

/** The part of the global WebAssembly that is used here, which the types of Node.js lack. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => DeflateModule
  readonly Instance: new (module: DeflateModule) => { readonly exports: unknown }
}

let compiled: DeflateModule | undefined

export function deflateModule(): DeflateModule {
  compiled ??= new WebAssembly.Module(Buffer.from(DEFLATE_MODULE, 'base64'))
  return compiled
}

/**
 * A deflater for up to `maxLength` bytes at a time. Threads are made from the text of this function, since a
 * thread can't load TypeScript or a part of a bundle: so it must use nothing that is defined outside of it. A
 * test runs the text alone, and a thread whose text is broken fails the build with its error.
 */
export function createDeflater(module: DeflateModule, maxLength: number): Deflater {
  const { memory, reserve, open, deflate } = new WebAssembly.Instance(module).exports as DeflateExports
  const input = reserve(maxLength)
  const output = reserve(maxLength)
  const compressors: number[] = []
  return (bytes, level) => {
    const compressor = (compressors[level] ??= open(level))
    if (input === 0 || output === 0 || compressor === 0) throw new Error('deflate: out of memory')
    // A new view each time: memory that has grown is another buffer.
    const heap = new Uint8Array(memory.buffer)
    heap.set(bytes, input)
    const length = deflate(compressor, input, bytes.length, output, bytes.length - 1)
    bytes.set(heap.subarray(output, output + length))
    return length
  }
}
