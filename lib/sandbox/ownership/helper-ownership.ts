// Ownership by the native helper: it answers chown, stat, setuid and their like for every program, static ones too.
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TsbuildError } from '../../base/errors.ts'
import { formatHelperTable, parseHelperTable } from './helper-owner-table.ts'
import { type OwnedCommand, type OwnershipMethod, ownersFrom } from './ownership-method.ts'

export interface HelperOwnershipOptions {
  /** Whether `security.capability` can be set in the store's directory by the worker; else it is kept with the owners. */
  readonly realCapabilities: boolean
}

/** For commands that run with the native back-end, in a place with one id. */
export function createHelperOwnership({ realCapabilities }: HelperOwnershipOptions): OwnershipMethod {
  return {
    kind: 'helper',
    warning: undefined,
    unknown: 'root',
    async wrap(command, known) {
      const table = formatHelperTable(known)
      const input = join(command.scratch, 'owners-before')
      const output = join(command.scratch, 'owners-after')
      await writeFile(input, table, { mode: 0o600 })
      const owned: OwnedCommand = { ...command, owners: { input, output, virtualCapabilities: !realCapabilities } }
      return owned
    },
    async read(command) {
      const file = join(command.scratch, 'owners-after')
      const entries = existsSync(file) ? parseHelperTable(await readFile(file)) : undefined
      if (!entries) throw new TsbuildError('SANDBOX_LACKS', 'the native helper did not say who owns what the step made')
      return ownersFrom(entries)
    },
  }
}
