// The table of docs/sandbox.md: how many images come out the same in each environment.
import type { Built } from './build-in-environment.ts'
import { CASES, ROWS } from './rows.ts'

export const MARKS = {
  begin: '<!-- measured: npx vitest run test/e2e/environments.test.ts -u -->',
  end: '<!-- /measured -->',
} as const

type Results = Readonly<Record<string, Built>>

/** One row an environment: the number of images that equal root's, and notes on the others. Ends in a line break. */
export function createTable(
  measured: ReadonlyMap<string, Results>,
  byRoot: Results,
  differs: (reference: Built | undefined, built: Built | undefined) => boolean,
): string {
  const notes: string[] = []
  const noteOf = (reason: string): number => {
    if (!notes.includes(reason)) notes.push(reason)
    return notes.indexOf(reason) + 1
  }
  const lines = ROWS.map(({ name, title, chosen, overlay, shortfalls }) => {
    const built = measured.get(name)
    const known = shortfalls['*'] === undefined ? Object.keys(shortfalls) : CASES
    // A row whose program is missing here keeps what was measured elsewhere.
    const different = CASES.filter((at) => (built ? differs(byRoot[at], built[at]) : known.includes(at)))
    const reasons = different.map((at) => shortfalls[at] ?? shortfalls['*'] ?? 'unknown')
    const numbers = [...new Set(reasons.map(noteOf))].sort((a, b) => a - b)
    const layers = chosen === undefined ? '' : overlay ? 'overlayfs' : 'one directory'
    const same = `${CASES.length - different.length} of ${CASES.length}`
    return `| ${title} | ${chosen === undefined ? 'none' : `\`${chosen}\``} | ${layers} | ${same} | ${numbers.join(', ')} |`
  })
  const head = ['| who builds | back-end | layers | same as root’s | otherwise |', '| --- | --- | --- | --- | --- |']
  const explained = notes.map((text, at) => `${at + 1}. ${text}.`)
  return `${[...head, ...lines, '', ...explained].join('\n')}\n`
}
