// The shell's part of the userns back-end. Scripts come by standard input, so that commands, which see their first process's arguments,
// learn nothing about the host from them.

/** Words of a set-up: `table=FILE` mounts, `directory=PATH` and `file=PATH` make mount points, `loopback=ip` or `loopback=FILE` is the network. */
export interface SetupInput {
  readonly root: string
  readonly hostname: string
  /** The builder's directory in /proc. */
  readonly builder: string
  readonly words: readonly string[]
}

/**
 * Run by sh in new namespaces. Makes the mounts below the root, makes that the root of the mount namespace, says `ready` with its process
 * id, and keeps the namespaces until its standard input ends.
 *
 * The old root is detached by a process whose own root is the builder's: it has the system's programs and their libraries whatever is
 * mounted here, and pivot_root(2) leaves it where it is. The shell itself starts nothing any more once its root may be the command's: what
 * it does then are its own built-ins. As the first process of its namespace it takes in orphans while it waits.
 */
export function setupScript({ root, hostname, builder, words }: SetupInput): string {
  return `
main() {
  set -e
  root=${quoted(root)} hostname=${quoted(hostname)} builder=${quoted(builder)}
  read -r pid rest </proc/self/stat
  for word in ${words.map(quoted).join(' ')}; do
    value=\${word#*=}
    case $word in
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

/** Keeps a user namespace in the same way. */
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
