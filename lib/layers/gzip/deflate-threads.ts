// Threads that compress chunks of layers, started when there is work and ended when there has been none for a while.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { constants, deflateRaw } from 'node:zlib'
import { hasErrno } from '../../base/errno.ts'
import { CHUNK_BUFFER } from './chunk-cutter.ts'
import { DEFLATE_VERSION } from './deflate-module.ts'
import { createDeflater, type Deflater, deflateModule } from './deflater.ts'

/** A chunk after compression. */
export interface DeflatedChunk {
  /** The memory that was given to {@link deflateChunk}. The caller's own view of it is detached. */
  readonly buffer: Buffer
  /**
   * The number of compressed bytes at the start of the buffer; 0 if they would not have been fewer, and the
   * buffer is unchanged.
   */
  readonly length: number
}

/** The main thread, which reads and hashes, can't keep more threads busy than this. */
const MAX_THREADS = 8
/** Below this, going to a thread and back costs more than it gains: a small layer starts none. */
const THREAD_LENGTH = 64 * 1024
const IDLE_MS = 1000

type Work = readonly [memory: ArrayBuffer, length: number, level: number]
type Done = readonly [memory: ArrayBuffer, packed: number]

interface Thread {
  readonly worker: Worker
  /** In the order in which the answers come. */
  readonly waiting: { resolve(chunk: DeflatedChunk): void; reject(error: Error): void }[]
}

// One thread starts in some 20 ms. It is made from text, since it can't load what this program may have been
// started from: TypeScript, a bundle.
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const deflate = (${createDeflater})(workerData.module, workerData.maxLength)
parentPort.on('message', ([memory, length, level]) => {
  parentPort.postMessage([memory, deflate(new Uint8Array(memory, 0, length), level)], [memory])
})`

const threads: Thread[] = []
/** Whether WebAssembly fits: an instance reserves 10 GiB of addresses, though no memory. */
let hasRoom: boolean | undefined
let idle: NodeJS.Timeout | undefined
let here: Deflater | undefined

/**
 * Compresses the first `length` bytes of a buffer that is alone in its memory, {@link CHUNK_BUFFER} at most.
 * The memory is transferred, and returned with the result: a part of a stream (see {@link Deflater}). A thread
 * without work does not keep the process alive. Rejects if a thread ends unexpectedly, for example for lack of
 * memory.
 */
export function deflateChunk(buffer: Buffer, length: number, level: number): Promise<DeflatedChunk> {
  if (!roomForModules()) return deflateByZlib(buffer, length, level)
  if (length < THREAD_LENGTH) return Promise.resolve(deflateHere(buffer, length, level))
  const thread = freeThread()
  return new Promise((resolve, reject) => {
    if (thread.waiting.push({ resolve, reject }) === 1) thread.worker.ref()
    const memory = buffer.buffer as ArrayBuffer
    thread.worker.postMessage([memory, length, level] satisfies Work, [memory])
  })
}

/** The compressor in use: compressed bytes are a function of the plain bytes, of the level, and of this name. */
export function compressorName(): string {
  return roomForModules() ? DEFLATE_VERSION : `zlib ${process.versions.zlib}`
}

function roomForModules(): boolean {
  hasRoom ??= !isLimited()
  return hasRoom
}

/** Whether `ulimit -v` limits the address space. */
function isLimited(): boolean {
  try {
    return /^Max address space +\d/m.test(readFileSync('/proc/self/limits', 'utf8'))
  } catch (error) {
    // Not Linux, or no /proc.
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}

function deflateByZlib(buffer: Buffer, length: number, level: number): Promise<DeflatedChunk> {
  return new Promise((resolve, reject) => {
    deflateRaw(buffer.subarray(0, length), { level, finishFlush: constants.Z_SYNC_FLUSH }, (error, output) => {
      if (error) return reject(error)
      const isShorter = output.length < length
      if (isShorter) buffer.set(output)
      resolve({ buffer, length: isShorter ? output.length : 0 })
    })
  })
}

function deflateHere(buffer: Buffer, length: number, level: number): DeflatedChunk {
  here ??= createDeflater(deflateModule(), THREAD_LENGTH)
  return { buffer, length: here(buffer.subarray(0, length), level) }
}

/** The thread with the least work, or a new one if all have some. */
function freeThread(): Thread {
  clearTimeout(idle)
  idle = setTimeout(endIdle, IDLE_MS).unref()
  const [least] = threads.toSorted((a, b) => a.waiting.length - b.waiting.length)
  if (least && (least.waiting.length === 0 || threads.length >= Math.min(availableParallelism(), MAX_THREADS))) {
    return least
  }
  return startThread()
}

function startThread(): Thread {
  const workerData = { module: deflateModule(), maxLength: CHUNK_BUFFER }
  const worker = new Worker(PROGRAM, { eval: true, workerData, env: {}, execArgv: [] })
  const thread: Thread = { worker, waiting: [] }
  const fail = (error: Error): void => {
    const at = threads.indexOf(thread)
    if (at >= 0) threads.splice(at, 1)
    for (const { reject } of thread.waiting.splice(0)) reject(error)
  }
  worker.on('message', ([memory, packed]: Done) => {
    const next = thread.waiting.shift()
    if (thread.waiting.length === 0) worker.unref()
    next?.resolve({ buffer: Buffer.from(memory), length: packed })
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('a thread that compresses ended')))
  threads.push(thread)
  return thread
}

function endIdle(): void {
  if (threads.some(({ waiting }) => waiting.length > 0)) idle = setTimeout(endIdle, IDLE_MS).unref()
  else for (const { worker } of threads.splice(0)) void worker.terminate()
}
