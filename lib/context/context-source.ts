/**
 * A file of a context in memory. A string or bytes are a file of mode 0644. `mtime` is in seconds since 1970,
 * default 0.
 */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode?: number; readonly mtime?: number }
  | { readonly symlink: string }

/**
 * The source of files: the path of a directory, a git URL, the http(s) URL of an archive or of a single file,
 * or files in memory by their `/`-separated relative paths.
 */
export type NamedContext = string | ReadonlyMap<string, MemoryFile>

/** A stream such as standard input: a tar, plain or compressed, or a Dockerfile, whose context is then empty. */
export interface ContextStream {
  readonly stream: AsyncIterable<Uint8Array>
}

/** The build context. */
export type ContextSource = NamedContext | ContextStream
