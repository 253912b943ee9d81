import type { CommandSpec } from '../command-spec.ts'

export const doctorSpec: CommandSpec = {
  name: 'doctor',
  summary: 'Show how RUN is isolated on this machine, and how to improve it',
  usage: 'doctor [OPTIONS]',
  description: [
    'Tries every isolation in the directory of the store, and reports which one builds use, why a stronger one does not work, and ' +
      'how to enable it. Exits with 1 if RUN does not work at all.',
  ],
  positionals: { name: 'argument', min: 0, max: 0 },
  flags: [{ name: 'json', kind: 'switch', summary: 'Print JSON' }],
  examples: [
    { command: 'tsbuild doctor', does: 'show all checks, with advice' },
    { command: 'tsbuild doctor --json | jq -r .isolation', does: 'print the isolation that builds use' },
  ],
  load: () => import('../commands/doctor.ts'),
}
