/**
 * A file of a context in memory. A string or bytes are a file of mode 0644. `mtime` is in seconds since 1970,
 * default 0.
 */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode?: number; readonly mtime?: number }
  | { readonly symlink: string }

/** A source of files that has been checked: a path or a URL, or files in memory by their relative paths. */
export type ContextFiles = string | ReadonlyMap<string, MemoryFile>

/**
 * The source of files: the path of a directory, a git URL, the http(s) URL of an archive or of a single file, a URL
 * object (`file:` is a directory), or files in memory by their `/`-separated relative paths: a map, an object, or an
 * iterable of names and files, which may be asynchronous.
 */
export type NamedContext =
  | string
  | URL
  | ReadonlyMap<string, MemoryFile>
  | Readonly<Record<string, MemoryFile>>
  | Iterable<readonly [name: string, file: MemoryFile]>
  | AsyncIterable<readonly [name: string, file: MemoryFile]>

/** A stream such as standard input: a tar, plain or compressed, or a Dockerfile, whose context is then empty. */
export interface ContextStream {
  readonly stream: AsyncIterable<Uint8Array>
}

/** The build context. */
export type ContextSource = NamedContext | ContextStream
