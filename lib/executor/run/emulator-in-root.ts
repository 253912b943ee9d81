import { TsbuildError } from '../../base/errors.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { viewOf } from '../filesystem.ts'
import type { Filesystem, Session } from '../session.ts'

/**
 * Refuses a step for another architecture whose emulator has to be in the root and isn't. The kernel would report a
 * missing program, which misleads. `step` is the id of the vertex. Errors with `UNSUPPORTED`.
 */
export async function requireEmulator(step: string, filesystem: Filesystem, session: Session): Promise<void> {
  const emulator = session.neededEmulators.get(step)
  if (!emulator) return
  const view = await viewOf(filesystem, session)
  if (view.lookup(resolvePath(view, emulator.interpreter, { followLast: true })) !== undefined) return
  const where = `${emulator.interpreter} is not in the image, and ${emulator.name} is registered without the flag F`
  throw new TsbuildError('UNSUPPORTED', `the programs of this stage can't be run: their emulator ${where}`, {
    hint: 'register it with F ("docker run --privileged --rm tonistiigi/binfmt --install all"), or COPY it into the stage',
  })
}
