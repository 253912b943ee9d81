// The output of a step on its way to the builder: a command is not read faster than the builder's readers read.

import { createWaiters } from '../waiters.ts'

/** Characters of a step's output that may be on their way: sent, and not yet read at the other end. */
const WINDOW = 256 * 1024

/** Characters that a reader collects before it reports them: fewer messages, and no wait at the other end. */
export const REPORT_SIZE: number = WINDOW / 4

/** Counts the output of one step that its reader has not read. */
export interface OutputFlow {
  /** Counts output. False if it is not to be sent: the window is full, and the sender no longer waits. */
  send(length: number): boolean
  /** Undefined if more may be sent; else settles when the reader has caught up. */
  caughtUp(): Promise<void> | undefined
  /** Counts output that the reader reports as read. */
  received(length: number): void
  /** Lets the sender go on without a reader. */
  release(): void
}

export function createOutputFlow(): OutputFlow {
  let unread = 0
  let released = false
  const senders = createWaiters()
  return {
    send: (length) => {
      if (released && unread > WINDOW) return false
      unread += length
      return true
    },
    caughtUp: () => {
      if (released || unread <= WINDOW) return undefined
      return senders.wait()
    },
    received: (length) => {
      unread -= length
      if (unread <= WINDOW / 2) senders.wake()
    },
    release: () => {
      released = true
      senders.wake()
    },
  }
}
