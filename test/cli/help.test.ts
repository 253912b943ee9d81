import { describe, expect, test } from 'vitest'
import { commands } from '../../lib/cli/command-list.ts'
import { EXIT_CODES } from '../../lib/cli/exit-codes.ts'
import { commandHelp, generalHelp } from '../../lib/cli/help.ts'

const view = { width: 80, color: false }

test('general help names every command', () => {
  const text = generalHelp(view)
  for (const command of commands) expect(text).toContain(`  ${command.name} `)
})

test('general help has every exit code', () => {
  const text = generalHelp(view)
  for (const code of Object.values(EXIT_CODES)) expect(text).toMatch(new RegExp(`^  (.*, )?${code}\\b`, 'm'))
})

describe.each(commands)('help of $name', (command) => {
  test('has every flag once, with what it does', () => {
    const text = commandHelp(command, { width: 1000, color: false })
    for (const flag of command.flags) {
      const lines = text
        .split('\n')
        .filter((line) => new RegExp(`--${flag.name}( |$)`).test(line) && !line.includes('tsbuild'))
      expect(lines).toHaveLength(1)
    }
  })

  test.each([50, 60, 80, 200])('fits %d columns', (width) => {
    const lines = commandHelp(command, { width, color: false }).split('\n')
    // Examples and usage are for copying, and stay whole.
    const long = lines.filter((line) => line.length > width && !line.includes('tsbuild'))
    expect(long).toEqual([])
  })

  test('has examples of this command', () => {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const { command: text } of command.examples) {
      expect(text.startsWith(command.name === 'build' ? 'tsbuild ' : `tsbuild ${command.name}`)).toBe(true)
    }
  })
})

test('colour changes nothing but escape sequences', () => {
  const plain = generalHelp(view)
  const colored = generalHelp({ ...view, color: true })
  expect(colored).not.toBe(plain)
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(plain)
})
