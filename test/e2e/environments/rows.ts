// The environments of the table in docs/sandbox.md, and the images that are known to come out differently in them.
import { findProgram } from '../../../lib/base/find-program.ts'
import type { Isolation } from '../../../lib/index.ts'
import { dockerfile, type Row } from './build-in-environment.ts'

export interface KnownRow extends Row {
  readonly name: string
  readonly title: string
  /** The back-end that is chosen; undefined if there is none. */
  readonly chosen: Isolation | undefined
  /** Whether layers are stacked with overlayfs there. */
  readonly overlay: boolean
  /** Whether nothing records owners there, so that every build warns. */
  readonly unknownOwners?: true
  /** Stages that differ from what root builds, with the reason; `*` for all. */
  readonly shortfalls: Readonly<Record<string, string>>
}

/** The stages of the Dockerfile, by name. */
export const CASES: readonly string[] = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name]) => name ?? '')

const COPIED_SET_ID =
  'set-id bits: the kernel takes them away when a file is written to after it got them, but for root of the machine; `chmod` after the last write keeps them'
const NO_DEVICES =
  'device nodes: the kernel makes none in a user namespace, so `mknod` fails; the helper would record them'
const ONE_ID =
  'permissions: with one id, another user of the image may read and write what root of the image may (nothing of the host’s)'
export const CHOWN_FAILS =
  'chown, su and packages with users of their own: the kernel refuses ids that are not there, so the step fails; the helper would record them'
const OWNER_UNSEEN = 'owners that the step looks at: everything seems root’s, which the build warns about'
const CHROOT_NETWORK = '`--network=none`: refused, since nothing can keep a step from the network'
const CHROOT_PROC = '/proc: a chroot has none, and so no /dev/fd, and `mknod -m` of Debian fails'

const PRETENDED =
  'owners: proot pretends that they are changed and forgets them, which the build warns about, and all files seem a program’s own'
const NO_NODES = 'device nodes: proot pretends to make them'
const WRITABLE_COPIES = 'read-only mounts: they are copies, in which a step may write'

const WITHOUT_HELPER = {
  chown: CHOWN_FAILS,
  modes: CHOWN_FAILS,
  account: CHOWN_FAILS,
  su: CHOWN_FAILS,
  fifo: CHOWN_FAILS,
  links: CHOWN_FAILS,
  deletions: CHOWN_FAILS,
  'set-id-copy': COPIED_SET_ID,
  'set-id-written': CHOWN_FAILS,
  permissions: ONE_ID,
  devices: NO_DEVICES,
  'devices-later': NO_DEVICES,
  copies: OWNER_UNSEEN,
  mounts: OWNER_UNSEEN,
  'glibc-chown': CHOWN_FAILS,
  'glibc-set-group': CHOWN_FAILS,
  'glibc-setpriv': CHOWN_FAILS,
  'glibc-devices': NO_DEVICES,
  'debian-packages': CHOWN_FAILS,
  'debian-accounts': CHOWN_FAILS,
  'debian-useradd': CHOWN_FAILS,
  'debian-su': CHOWN_FAILS,
  'debian-devices': NO_DEVICES,
}
const WITH_HELPER = { permissions: ONE_ID }

export const ROWS: readonly KnownRow[] = [
  { name: 'root', title: 'root', environment: 'root', helper: true, chosen: 'oci', overlay: true, shortfalls: {} },
  {
    name: 'root, chroot',
    title: 'root, `--isolation=chroot`',
    environment: 'root',
    isolation: 'chroot',
    helper: true,
    chosen: 'chroot',
    overlay: true,
    shortfalls: { 'network-none': CHROOT_NETWORK, 'process-files': CHROOT_PROC, 'debian-devices': CHROOT_PROC },
  },
  {
    name: 'subordinate',
    title: 'user with subordinate ids',
    environment: 'subordinate',
    helper: true,
    chosen: 'userns',
    overlay: true,
    shortfalls: {},
  },
  {
    name: 'single',
    title: 'user without',
    environment: 'single',
    helper: true,
    chosen: 'userns',
    overlay: true,
    shortfalls: WITH_HELPER,
  },
  {
    name: 'single, no helper',
    title: 'user without, no helper',
    environment: 'single',
    helper: false,
    // runc needs more than one id.
    chosen: findProgram('crun') === undefined ? 'bwrap' : 'oci',
    overlay: true,
    unknownOwners: true,
    shortfalls: WITHOUT_HELPER,
  },
  {
    name: 'container',
    title: 'root in a container, Docker’s defaults',
    environment: 'container',
    helper: true,
    chosen: 'chroot',
    overlay: false,
    shortfalls: { 'network-none': CHROOT_NETWORK, 'process-files': CHROOT_PROC, 'debian-devices': CHROOT_PROC },
  },
  {
    name: 'unfiltered',
    title: 'user in a container, no seccomp filter',
    environment: 'unfiltered',
    helper: true,
    chosen: 'userns',
    overlay: true,
    shortfalls: WITH_HELPER,
  },
  {
    name: 'unfiltered, no helper',
    title: 'the same, no helper',
    environment: 'unfiltered',
    helper: false,
    chosen: 'bwrap',
    overlay: true,
    unknownOwners: true,
    shortfalls: WITHOUT_HELPER,
  },
  {
    name: 'restricted',
    title: 'user in a restricted container',
    environment: 'restricted',
    helper: true,
    chosen: 'virtual',
    overlay: false,
    shortfalls: { permissions: ONE_ID, 'network-none': CHROOT_NETWORK },
  },
  {
    name: 'restricted, no helper',
    title: 'the same, no helper',
    environment: 'restricted',
    helper: false,
    chosen: undefined,
    overlay: false,
    shortfalls: {
      '*': 'without the helper or proot 5.4 nothing works there: the build ends before its first step, with what would allow it',
    },
  },
  {
    name: 'restricted, proot',
    title: 'the same, with proot 5.4',
    environment: 'restricted',
    helper: false,
    proot: process.env['TSBUILD_TEST_PROOT'],
    chosen: 'proot',
    overlay: false,
    unknownOwners: true,
    shortfalls: {
      chown: PRETENDED,
      modes: PRETENDED,
      account: PRETENDED,
      su: PRETENDED,
      fifo: PRETENDED,
      links: PRETENDED,
      deletions: PRETENDED,
      copies: PRETENDED,
      'set-id-copy': COPIED_SET_ID,
      'set-id-written': COPIED_SET_ID,
      permissions: ONE_ID,
      devices: NO_NODES,
      'devices-later': NO_NODES,
      mounts: WRITABLE_COPIES,
      'network-none': CHROOT_NETWORK,
      'glibc-chown': PRETENDED,
      'glibc-set-group': PRETENDED,
      'glibc-setpriv': PRETENDED,
      'glibc-devices': NO_NODES,
      'debian-packages': PRETENDED,
      'debian-accounts': PRETENDED,
      'debian-useradd': PRETENDED,
      'debian-su': PRETENDED,
      'debian-devices': NO_NODES,
    },
  },
]
