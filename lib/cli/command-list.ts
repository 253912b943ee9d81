import type { CommandSpec } from './command-spec.ts'
import { buildSpec } from './specs/build.ts'
import { completionSpec } from './specs/completion.ts'
import { graphSpec, parseSpec } from './specs/dockerfile.ts'
import { doctorSpec } from './specs/doctor.ts'
import { imageSpecs } from './specs/images.ts'
import { imagetoolsSpecs } from './specs/imagetools.ts'
import { lintSpec } from './specs/lint.ts'
import { registrySpecs } from './specs/registries.ts'
import { shellSpec } from './specs/shell.ts'
import { spaceSpecs } from './specs/space.ts'

/** All commands, in the order of help. The first one runs if none is named. */
export const commands: readonly [CommandSpec, ...CommandSpec[]] = [
  buildSpec,
  lintSpec,
  parseSpec,
  graphSpec,
  ...imageSpecs,
  ...spaceSpecs,
  ...registrySpecs,
  ...imagetoolsSpecs,
  shellSpec,
  doctorSpec,
  completionSpec,
]

/** Finds a command by its whole name, which has two words for some. */
export function findCommand(name: string): CommandSpec | undefined {
  return commands.find((command) => command.name === name)
}

/** The commands with two words that start with this one, such as `imagetools`. */
export function commandsOf(group: string): readonly CommandSpec[] {
  return commands.filter((command) => command.name.startsWith(`${group} `))
}
