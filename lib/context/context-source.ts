/** A file of an in-memory context. A plain string or bytes stand for a file with mode 0644; `mtime` is in seconds since 1970, default 0. */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode?: number; readonly mtime?: number }
  | { readonly symlink: string }

/**
 * Where files come from: a directory's path, a git URL, the http(s) URL of an archive or of a single file, or files in memory by their
 * `/`-separated relative paths.
 */
export type NamedContext = string | ReadonlyMap<string, MemoryFile>

/** A stream, such as standard input: a tar, plain or compressed, or else a Dockerfile, with which nothing is in the context. */
export interface ContextStream {
  readonly stream: AsyncIterable<Uint8Array>
}

/** The build context. */
export type ContextSource = NamedContext | ContextStream
