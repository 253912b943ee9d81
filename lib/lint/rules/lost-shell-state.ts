import type { Rule } from '../rule.ts'

const STATEFUL: ReadonlySet<string> = new Set([
  'cd',
  'export',
  'source',
  '.',
  'alias',
  'set',
  'umask',
  'unset',
  'ulimit',
  'shopt',
])

export const lostShellState: Rule = {
  name: 'LostShellState',
  description: 'no RUN does only what ends with its shell, such as cd or export',
  own: 'certain',
  checks: {
    stage({ steps }, report) {
      for (const step of steps) {
        if (step.kind !== 'run' || step.commands.length === 0) continue
        const { commands, script, site } = step
        // A redirection makes a file, and a substitution runs a command.
        if (/[>`|]|\$\(/.test(script) || !commands.every(({ words: [program = ''] }) => STATEFUL.has(program))) continue
        const found = commands.find(({ words: [program = ''] }) => Object.hasOwn(advice, program))
        const program = found?.words[0]
        if (program === undefined) continue
        report(`\`${program}\` has no effect on what follows: every RUN has a shell of its own; ${advice[program]}`, {
          at: site,
        })
      }
    },
  },
}

const JOINED = 'join it with && to the RUN that needs it'

const advice: Readonly<Record<string, string>> = {
  cd: 'use WORKDIR',
  export: 'use ENV',
  source: JOINED,
  '.': JOINED,
  alias: JOINED,
}
