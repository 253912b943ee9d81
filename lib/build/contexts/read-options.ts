// The options of a call, with contexts in the one shape that the rest of the program knows.
import { fileURLToPath } from 'node:url'
import { TsbuildError } from '../../base/errors.ts'
import type {
  ContextFiles,
  ContextSource,
  ContextStream,
  MemoryFile,
  NamedContext,
} from '../../context/context-source.ts'
import type { BuildOptions } from '../build-options.ts'
import { checkOptions } from '../check-options.ts'

/** Options whose contexts are paths, URLs as text, maps, and a stream for the main one. */
export interface ReadOptions extends BuildOptions {
  readonly context: ContextFiles | ContextStream
  readonly buildContexts?: Readonly<Record<string, ContextFiles>>
}

/**
 * Checks the names of options, and reads contexts that are given as iterables. Errors as checkOptions() does, with
 * `CONTEXT_INVALID`, and as the iterables do.
 */
export async function readOptions(options: BuildOptions): Promise<ReadOptions> {
  checkOptions(options)
  const { context, buildContexts, ...others } = options
  const named = Object.entries(buildContexts ?? {}).map(async ([name, source]): Promise<[string, ContextFiles]> => {
    return [name, await readFiles(source, name)]
  })
  return {
    ...others,
    context: await readMain(context),
    ...(buildContexts && { buildContexts: Object.fromEntries(await Promise.all(named)) }),
  }
}

async function readMain(source: ContextSource): Promise<ContextFiles | ContextStream> {
  return isStream(source) ? source : readFiles(source, undefined)
}

/** A file in memory may be called `stream`, but its content is no iterable of bytes. */
function isStream(source: ContextSource): source is ContextStream {
  if (typeof source !== 'object' || source === null || !('stream' in source)) return false
  const { stream } = source
  return typeof stream === 'object' && stream !== null && Symbol.asyncIterator in stream
}

async function readFiles(source: NamedContext, name: string | undefined): Promise<ContextFiles> {
  if (typeof source === 'string' || source instanceof Map) return source
  if (source instanceof URL) return source.protocol === 'file:' ? fileURLToPath(source) : source.href
  if (typeof source !== 'object' || source === null || source instanceof Uint8Array) throw invalid(name)
  const files = new Map<string, MemoryFile>()
  for await (const entry of entriesOf(source, name)) {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') throw invalid(name)
    if (files.has(entry[0])) throw new TsbuildError('CONTEXT_INVALID', `${JSON.stringify(entry[0])} is given twice`)
    files.set(entry[0], entry[1])
  }
  return files
}

type Entries = Iterable<readonly [string, MemoryFile]> | AsyncIterable<readonly [string, MemoryFile]>

function entriesOf(source: Exclude<NamedContext, string | URL>, name: string | undefined): Entries {
  if (Symbol.asyncIterator in source || Symbol.iterator in source) return source as Entries
  const prototype: unknown = Object.getPrototypeOf(source)
  if (prototype !== null && prototype !== Object.prototype) throw invalid(name)
  return Object.entries(source as Readonly<Record<string, MemoryFile>>)
}

function invalid(name: string | undefined): TsbuildError {
  const context = name === undefined ? 'the build context' : `the build context ${JSON.stringify(name)}`
  return new TsbuildError('CONTEXT_INVALID', `${context} is not a source of files`, {
    hint: 'give a path, a URL, { stream }, or files by name: a Map, an object, or an iterable of [name, file]',
  })
}
