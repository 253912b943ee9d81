/** A file of an in-memory context. A plain string or bytes stand for a file with mode 0644; `mtime` is in seconds since 1970, default 0. */
export type MemoryFile =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode?: number; readonly mtime?: number }
  | { readonly symlink: string }

/** A build context: a directory's path, or files in memory by their `/`-separated relative paths. */
export type ContextSource = string | ReadonlyMap<string, MemoryFile>
