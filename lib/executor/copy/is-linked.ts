import type { CopyOp } from '../../graph/types.ts'

/**
 * Whether a copy makes a layer that knows nothing of the filesystem below it (`--link`). As in BuildKit,
 * `--chmod` turns linking off: such a copy looks at its destination as any other does.
 */
export function isLinked({ link, chmod }: Pick<CopyOp, 'link' | 'chmod'>): boolean {
  return link && chmod === undefined
}
