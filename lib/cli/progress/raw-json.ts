import type { BuildEvent } from '../../index.ts'
import type { Renderer } from './renderer.ts'

/** Every event as one line of JSON. */
export const rawJsonProgress: Renderer<BuildEvent | undefined> = {
  mode: 'append',
  initial: undefined,
  reduce: (_state, event) => event,
  draw: (event) => (event ? [JSON.stringify(event)] : []),
}
