import { expect, test } from 'vitest'
import { lockedMountFlags, mountOf, parseMountInfo } from '../../../lib/sandbox/namespaces/locked-mount-flags.ts'

const mounts = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:5 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
24 22 0:6 / /mnt/with\\040space ro,noatime - tmpfs tmpfs rw
25 22 0:7 / /tmp rw - tmpfs tmpfs rw
26 25 0:8 / /tmp rw,nosuid - tmpfs tmpfs rw
`

test.each([
  ['/etc/hosts', ['relatime']],
  ['/proc/version', ['nosuid', 'nodev', 'noexec', 'relatime']],
  ['/proc', ['nosuid', 'nodev', 'noexec', 'relatime']],
  ['/process', ['relatime']],
  ['/mnt/with space/x', ['ro', 'noatime']],
  ['/tmp/x', ['nosuid']],
])('%s is on a mount with the flags %j', (path, flags) => {
  expect(mountOf(path, parseMountInfo(mounts))?.flags).toEqual(flags)
})

test('a path of this system is found', () => {
  expect(() => lockedMountFlags('/')).not.toThrow()
  expect(() => lockedMountFlags('/no/such/path')).toThrow('ENOENT')
})
