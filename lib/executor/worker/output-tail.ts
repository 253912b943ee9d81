/** The last lines of an output that arrives in chunks. */
export interface OutputTail {
  add(text: string): void
  lines(): readonly string[]
}

const LINES = 12
const LINE_LENGTH = 400

export function createOutputTail(): OutputTail {
  let whole: string[] = []
  let rest = ''
  return {
    add: (text) => {
      const parts = (rest + text).split('\n')
      rest = (parts.pop() ?? '').slice(-LINE_LENGTH)
      whole = [...whole, ...parts].slice(-LINES)
    },
    lines: () => [...whole, ...(rest === '' ? [] : [rest])].slice(-LINES).map(asShown),
  }
}

/**
 * A line as a terminal shows it: the part after the last carriage return, without control characters, which could
 * change the screen.
 */
function asShown(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? ''
  return last.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '').slice(0, LINE_LENGTH)
}
