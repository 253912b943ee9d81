// The shell's part of the userns back-end.

/**
 * Run by sh in new namespaces: `sh -c … sh ROOT HOSTNAME BUILDER WORD…`. Makes the mounts below ROOT, makes ROOT the root of the mount
 * namespace, says `ready` with its process id, and keeps the namespaces until its standard input ends. BUILDER is a directory of /proc.
 *
 * The old root is detached by a process whose own root is the builder's: it has the system's programs and their libraries whatever is
 * mounted here, and pivot_root(2) leaves it where it is. As the first process of the namespace, wait(1) in the end takes in orphans.
 */
export const SETUP_SCRIPT = `
set -e
root=$1 hostname=$2 builder=$3
shift 3
read -r pid rest </proc/self/stat
for word; do
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
cat <&3 >/dev/null 2>&1 &
exec 3<&-
nsenter --root="$builder/root" --wd="$root" sh -c '
  nsenter --mount=/proc/self/ns/mnt --wd=. pivot_root . . && umount -n -c -l .'
echo "ready $pid"
exec >/dev/null 2>&1
wait $!
`

/** Keeps a user namespace in the same way. */
export const KEEP_SCRIPT = `
read -r pid rest </proc/self/stat
echo "ready $pid"
exec cat >/dev/null 2>&1
`
