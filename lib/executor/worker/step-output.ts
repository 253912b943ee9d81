// The output of a step's command: split into lines, clipped, and sent to the builder.
import { createLimitedLog, type LimitedLog } from './log-limit.ts'
import { createLineSplitter } from './output-lines.ts'
import { createOutputTail } from './output-tail.ts'
import type { WorkerStep } from './worker-context.ts'

type Stream = 'stdout' | 'stderr'

export interface StepOutput {
  /** Takes output of the command. If the builder is behind, the promise settles when it has caught up. */
  write(stream: Stream, chunk: Uint8Array): Promise<void> | undefined
  /** Sends the unfinished lines. */
  end(): void
  /** Sends the end of what was clipped, which says why a step failed. */
  sendClipped(): void
  /** The last lines of both streams, clipped or not, in the order in which they came. */
  lastLines(): readonly string[]
}

/** `onText` is called with all output as text. */
export function createStepOutput({ request, emit, caughtUp }: WorkerStep, onText: (text: string) => void): StepOutput {
  const tail = createOutputTail()
  const open = (stream: Stream) => {
    const log: LimitedLog = createLimitedLog(request.logLimit)
    const send = (text: string): void => {
      if (text !== '') emit({ kind: 'log', step: request.step, stream, text })
    }
    const lines = createLineSplitter((text) => {
      onText(text)
      tail.add(text)
      send(log.add(text))
    })
    return {
      write: (chunk: Uint8Array): Promise<void> | undefined => {
        lines.write(chunk)
        const ready = caughtUp()
        if (ready) lines.pause(ready)
        return ready
      },
      end: lines.end,
      sendClipped: () => send(log.clippedEnd()),
    }
  }
  const streams = { stdout: open('stdout'), stderr: open('stderr') }
  const both = Object.values(streams)
  return {
    write: (stream, chunk) => streams[stream].write(chunk),
    end: () => {
      for (const { end } of both) end()
    },
    sendClipped: () => {
      for (const { sendClipped } of both) sendClipped()
    },
    lastLines: tail.lines,
  }
}
