// The layout of a tar header block (POSIX.1-2017 pax, "ustar Interchange Format").

export const BLOCK = 512

/** Extended headers and long names above this are refused, as Go's archive/tar does. */
export const MAX_EXTENDED: number = 1024 * 1024

/** The largest path and symlink target in bytes: Linux's PATH_MAX. */
export const MAX_PATH = 4096

/** The largest uid, gid and device number part. */
export const MAX_ID = 0xffff_ffff

/** Bytes from a size to the next block boundary. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}
