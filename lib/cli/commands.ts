import type { CommandSpec } from './command.ts'
import { buildSpec } from './specs/build.ts'
import { graphSpec, parseSpec } from './specs/dockerfile.ts'
import { doctorSpec } from './specs/doctor.ts'
import { imageSpecs } from './specs/images.ts'
import { lintSpec } from './specs/lint.ts'
import { registrySpecs } from './specs/registries.ts'
import { shellSpec } from './specs/shell.ts'

/** Every command, in the order of help. The first is the one that runs when none is named. */
export const commands: readonly [CommandSpec, ...CommandSpec[]] = [
  buildSpec,
  lintSpec,
  parseSpec,
  graphSpec,
  ...imageSpecs,
  ...registrySpecs,
  shellSpec,
  doctorSpec,
]

export function findCommand(name: string): CommandSpec | undefined {
  return commands.find((command) => command.name === name)
}
