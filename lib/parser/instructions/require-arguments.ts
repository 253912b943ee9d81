import type { Command, Report } from '../syntax/syntax-node.ts'

/** Reports when an instruction has no arguments at all; says whether it has. Silent when the arguments were reported already. */
export function requireArguments(command: Command, report: Report, expected = 'at least one argument'): boolean {
  if (command.args.length > 0 || command.pairs.length > 0) return true
  if (!command.invalid) {
    report('INSTRUCTION_ARGUMENTS', `${command.name.toUpperCase()} requires ${expected}`, command.keyword.span)
  }
  return false
}
