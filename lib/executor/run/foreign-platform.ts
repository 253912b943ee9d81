// Whether this machine can execute the programs of another platform.
import { TsbuildError } from '../../base/errors.ts'
import { defaultPlatform, formatPlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'
import { type Emulator, readEmulators } from '../../sandbox/emulation/binfmt-emulators.ts'
import { type ArchitectureSupport, tryArchitecture } from '../../sandbox/emulation/try-architecture.ts'
import type { Session } from '../session.ts'

/** Whether programs of an architecture run here. Each architecture is tried once. */
export type Examine = (architecture: string) => ArchitectureSupport

/** Why a RUN for a platform can't run here, as an `UNSUPPORTED` error; undefined if it can. */
export function foreignPlatform(platform: Platform, examine: Examine): TsbuildError | undefined {
  const { os, architecture } = platform
  if (os !== 'linux') {
    return new TsbuildError('UNSUPPORTED', `RUN is for linux images, this stage is for ${os}`, {
      hint: 'leave RUN out of that stage: everything else works',
    })
  }
  const found = examine(architecture)
  if (found.kind !== 'fail') return undefined
  const here = formatPlatform(defaultPlatform())
  const message = `this RUN is for ${formatPlatform(platform)}, whose programs can't be run on this machine, ${here}: ${found.reason}`
  return new TsbuildError('UNSUPPORTED', message, {
    hint:
      `register an emulator: "docker run --privileged --rm tonistiigi/binfmt --install ${architecture}", or on Debian ` +
      '"apt install qemu-user-static"; or run the command in a stage that is FROM --platform=$BUILDPLATFORM, compile for ' +
      '$TARGETARCH there, and copy the result',
  })
}

export function examiner({ store }: Pick<Session, 'store'>): Examine {
  const known = new Map<string, ArchitectureSupport>()
  let emulators: readonly Emulator[] | undefined
  return (architecture) => {
    if (architecture === defaultPlatform().architecture) return { kind: 'run' }
    emulators ??= readEmulators()
    const found = known.get(architecture) ?? tryArchitecture(architecture, { temporary: store.temporary(), emulators })
    known.set(architecture, found)
    return found
  }
}
