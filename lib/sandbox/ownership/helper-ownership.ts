// Ownership by the native helper, which answers chown, stat, setuid and the like for every program, static ones too,
// and keeps a table.
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { formatHelperTable, parseHelperTable } from './helper-owner-table.ts'
import { type OwnedCommand, type OwnershipMethod, ownersFrom } from './ownership-method.ts'

export interface HelperOwnershipOptions {
  /** Whether files have their owners on disk. Then the table has devices only. */
  readonly realOwners?: boolean | undefined
  /**
   * Whether the worker can set `security.capability` in the store's directory; else the table keeps it with the
   * owners.
   */
  readonly realCapabilities: boolean
  /** Whether the helper gives the command a virtual root, whose files the worker's user has to own and to open. */
  readonly virtualRoot: boolean
}

/** For commands of the helper's back-ends in a user namespace, or in none. */
export function createHelperOwnership({
  realOwners = false,
  realCapabilities,
  virtualRoot,
}: HelperOwnershipOptions): OwnershipMethod {
  return {
    kind: 'helper',
    unknown: realOwners ? 'disk' : 'root',
    recordsPermissions: virtualRoot,
    keepsSetIds: !virtualRoot,
    async wrap(command, known) {
      const found = [...known]
      const before = realOwners ? found.filter(([, { device }]) => device !== undefined) : found
      const input = join(command.scratch, 'owners-before')
      const output = join(command.scratch, 'owners-after')
      await writeFile(input, formatHelperTable(before), { mode: 0o600 })
      // A directory has several links without having several names.
      const hardLinks = before.some(([, { links, mode }]) => links > 1 && (mode & 0o170000) !== 0o040000)
      const owned: OwnedCommand = {
        ...command,
        owners: {
          input,
          output,
          real: realOwners,
          virtualCapabilities: !realCapabilities,
          hardLinks,
          kept: found.flatMap(([, { path }]) => path ?? []),
        },
      }
      return owned
    },
    async read(command) {
      const file = join(command.scratch, 'owners-after')
      const entries = existsSync(file) ? parseHelperTable(await readFile(file)) : undefined
      if (!entries)
        throw new TsbuildError('SANDBOX_LACKS', 'the native helper did not record the owners of what the step made')
      return ownersFrom(entries)
    },
  }
}
