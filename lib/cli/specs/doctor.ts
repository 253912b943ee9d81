import type { CommandSpec } from '../command-spec.ts'

export const doctorSpec: CommandSpec = {
  name: 'doctor',
  summary: 'Show how isolated RUN is here, and what would allow more',
  usage: 'doctor [OPTIONS]',
  description: [
    'Tries every way of running commands, in the directory of the store, and says which one builds get, what stands in the way of a stronger one, and what to change. Exits with 1 where RUN does not work at all.',
  ],
  positionals: { name: 'argument', min: 0, max: 0 },
  flags: [{ name: 'json', kind: 'switch', summary: 'Print JSON' }],
  examples: [
    { command: 'tsbuild doctor', does: 'a table, and advice where there is some' },
    { command: 'tsbuild doctor --json | jq -r .isolation', does: 'the isolation that builds get' },
  ],
  load: () => import('../commands/doctor.ts'),
}
