import type { Renderer } from './renderer.ts'

/** Shows nothing. */
export const quietProgress: Renderer<undefined> = {
  mode: 'append',
  initial: undefined,
  reduce: () => undefined,
  draw: () => [],
}
