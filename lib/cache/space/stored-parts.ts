import { blobParts } from './blob-parts.ts'
import { leasedParts } from './leases.ts'
import { sandboxParts } from './sandbox-parts.ts'
import type { StoredPart } from './usage-record.ts'

/** All parts of the store at `root`, the least recently used first. Reading them uses none. Errors with `STORE_IO`. */
export async function storedParts(root: string): Promise<readonly StoredPart[]> {
  const found = [...blobParts(root), ...(await sandboxParts(root))]
  const leases = leasedParts(root)
  return found
    .map((part) => {
      const inUse = part.leased.some(({ name }) => leases.has(name))
      return { ...part, inUse, reclaimable: !inUse && part.names === undefined }
    })
    .sort((a, b) => (a.lastUsed < b.lastUsed ? -1 : a.lastUsed > b.lastUsed ? 1 : a.id < b.id ? -1 : 1))
}
