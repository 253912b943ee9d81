// `--shm-size`: the tmpfs at /dev/shm. The native helper gets its size as the record `shm` (native/native-spec.ts).

/** The mount options of /dev/shm for mount(8) and for OCI runtimes; the size in bytes. */
export function shmMountOptions(shmSize: number): readonly string[] {
  return ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmSize}`]
}

/** The arguments that make bubblewrap mount it; the size in bytes. */
export function shmBwrapArguments(shmSize: number): readonly string[] {
  return ['--perms', '1777', '--size', `${shmSize}`, '--tmpfs', '/dev/shm']
}
