import type { BuildEvent } from '../../index.ts'

/** The inputs of drawing besides the state. */
export interface View {
  readonly width: number
  readonly height: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly color: boolean
  readonly unicode: boolean
  /** True for the last drawing, which stays on the screen. */
  readonly finished: boolean
}

/**
 * A way to show progress: a pure reducer over events, and a drawing of its state. In `append` mode the lines
 * drawn after each event are printed below what is there; in `live` mode the lines replace the ones drawn
 * before.
 */
export interface Renderer<State> {
  readonly mode: 'append' | 'live'
  readonly initial: State
  reduce(state: State, event: BuildEvent): State
  draw(state: State, view: View): readonly string[]
}
