// The shell scripts of the userns back-end. The shell reads them from standard input: a command sees the arguments of
// its first process, and must learn nothing about the host from them.

export interface SetupInput {
  readonly root: string
  readonly hostname: string
  /** The builder's directory in /proc. */
  readonly builder: string
  /**
   * In order: `table=FILE` mounts, `directory=PATH` and `file=PATH` make mount points, and `loopback=ip` or
   * `loopback=FILE` brings the loopback up.
   */
  readonly steps: readonly string[]
}

/**
 * The script that sh runs in new namespaces. It makes the mounts below the root, makes that the root of the mount
 * namespace, prints `ready` with its process id, and keeps the namespaces until its standard input ends.
 *
 * A process whose own root is the builder's detaches the old root: it can use the system's programs and libraries
 * whatever is mounted here, and pivot_root(2) does not move it. Once the shell's root may be the command's, the shell
 * uses built-ins only and starts no program. As the first process of its namespace it adopts orphans while it waits.
 */
export function setupScript({ root, hostname, builder, steps }: SetupInput): string {
  return `
main() {
  set -e
  root=${quoted(root)} hostname=${quoted(hostname)} builder=${quoted(builder)}
  read -r pid rest </proc/self/stat
  for step in ${steps.map(quoted).join(' ')}; do
    value=\${step#*=}
    case $step in
      table=*) mount -n -a -T "$value" ;;
      directory=*) mkdir -p "$value" ;;
      file=*) : >"$value" ;;
      loopback=ip) ip link set lo up ;;
      loopback=*) echo 0x9 >"$value" ;;
    esac
  done
  echo "$hostname" 2>/dev/null >/proc/sys/kernel/hostname || hostname "$hostname"
  exec 3<&0
  while read -r line; do :; done <&3 >/dev/null 2>&1 &
  exec 3<&- 4>/dev/null
  nsenter --root="$builder/root" --wd="$root" sh -c '
    nsenter --mount=/proc/self/ns/mnt --wd=. pivot_root . . && umount -n -c -l .'
  echo "ready $pid"
  exec >&4 2>&4 4>&-
  wait $!
  exit
}
main
`
}

/** The script that keeps a user namespace until its standard input ends. */
export const KEEP_SCRIPT = `
main() {
  read -r pid rest </proc/self/stat
  echo "ready $pid"
  exec cat >/dev/null 2>&1
}
main
`

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
