import { sha256 } from './digest.ts'
import type { ChainID, DiffID } from './types.ts'

/** The digest of a stack of layers, bottom first; undefined for none (image-spec config.md#layer-chainid). */
export function chainID(diffIDs: readonly DiffID[]): ChainID | undefined {
  return chainIDs(diffIDs).at(-1)
}

/** The chain IDs of every prefix of a stack: the last is that of the whole. */
export function chainIDs(diffIDs: readonly DiffID[]): readonly ChainID[] {
  const chain: ChainID[] = []
  for (const diffID of diffIDs) {
    chain.push(nextChainID(chain.at(-1), diffID))
  }
  return chain
}

/** The chain ID of a stack with one more layer. */
export function nextChainID(below: ChainID | undefined, diffID: DiffID): ChainID {
  return (below === undefined ? diffID : sha256(`${below} ${diffID}`)) as ChainID
}
