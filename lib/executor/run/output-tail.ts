/** Keeps the last lines of an output that comes in pieces. */
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
    lines: () => [...whole, ...(rest === '' ? [] : [rest])].slice(-LINES).map(shown),
  }
}

/** What a terminal would show: behind the last carriage return. Output is not trusted with the user's screen. */
function shown(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? ''
  return last.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '').slice(0, LINE_LENGTH)
}
