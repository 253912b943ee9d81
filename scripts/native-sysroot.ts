// The C library, the compiler's own library and the kernel's headers that the native helper is built with: packages of
// Debian 12, pinned by digest.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Arch = 'x64' | 'arm64'

interface DebianPackage {
  /** Below `http://deb.debian.org/debian/pool/main/`. */
  readonly path: string
  readonly sha256: string
}

/** The packages of each processor; another one makes other programs. */
export const SYSROOT_PACKAGES: Readonly<Record<Arch, readonly DebianPackage[]>> = {
  x64: [
    {
      path: 'm/musl/musl-dev_1.2.3-1_amd64.deb',
      sha256: '7c34f29a0c1aa12f6da1d25ed6de6fe6bbd9e048ee76b3dcb88c5e51fb65507f',
    },
    {
      path: 'g/gcc-12/libgcc-12-dev_12.2.0-14+deb12u1_amd64.deb',
      sha256: 'd720259380a84f2ffc6fe516eff5cbe9c8a005138e8d6a5748747ba4b3404a82',
    },
    {
      path: 'c/cross-toolchain-base/linux-libc-dev-amd64-cross_6.1.4-1cross1_all.deb',
      sha256: 'b7ec9f95d20bd4669119201ec6a1ac372189fc222d35f21631bb79b723519293',
    },
  ],
  arm64: [
    {
      path: 'm/musl/musl-dev_1.2.3-1_arm64.deb',
      sha256: '55c2ca4bc3041c8ed8ac7dc3ef6080d9551a21650568b2fd7610b59eaf98a4f4',
    },
    {
      path: 'g/gcc-12/libgcc-12-dev_12.2.0-14+deb12u1_arm64.deb',
      sha256: 'c83d28b7c3397c25f15ae17783fce78716a3d7cd415940940cc2af8dc4db8d6d',
    },
    {
      path: 'c/cross-toolchain-base/linux-libc-dev-arm64-cross_6.1.4-1cross1_all.deb',
      sha256: '66457f015d16b7d372db6591cff38db0da928362ff2ea1fa75491e28f6904d81',
    },
  ],
}

export interface Sysroot {
  /** Directories to search for headers, in order. */
  readonly headers: readonly string[]
  /** The objects that a static program begins with. */
  readonly start: readonly string[]
  /** The libraries and the object that it ends with. */
  readonly end: readonly string[]
}

/** Downloads and unpacks the packages of a processor below `directory`, unless they exist. Needs `dpkg-deb`. */
export async function fetchSysroot(arch: Arch, directory: string): Promise<Sysroot> {
  const root = join(directory, `sysroot-${arch}`)
  if (!existsSync(root)) {
    const temporary = `${root}.${process.pid}`
    try {
      for (const each of SYSROOT_PACKAGES[arch]) await unpack(each, temporary)
      renameSync(temporary, root)
    } finally {
      rmSync(temporary, { recursive: true, force: true })
    }
  }
  const cpu = arch === 'x64' ? 'x86_64' : 'aarch64'
  const musl = join(root, `usr/lib/${cpu}-linux-musl`)
  return {
    headers: [join(root, `usr/include/${cpu}-linux-musl`), join(root, `usr/${cpu}-linux-gnu/include`)],
    start: ['crt1.o', 'crti.o'].map((name) => join(musl, name)),
    end: [join(musl, 'libc.a'), join(root, `usr/lib/gcc/${cpu}-linux-gnu/12/libgcc.a`), join(musl, 'crtn.o')],
  }
}

async function unpack({ path, sha256 }: DebianPackage, directory: string): Promise<void> {
  const url = `http://deb.debian.org/debian/pool/main/${path}`
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  const bytes = Buffer.from(await response.arrayBuffer())
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== sha256) throw new Error(`${url} has sha256 ${found}, expected ${sha256}`)
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'package.deb')
  writeFileSync(file, bytes)
  const { status, stderr, error } = spawnSync('dpkg-deb', ['-x', file, directory], { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`dpkg-deb failed for ${url}:\n${stderr}`)
  rmSync(file)
}
