import type { Command, Report } from '../syntax/syntax-node.ts'

/**
 * Whether an instruction has arguments. Reports missing ones, unless an error in the arguments was already
 * reported.
 */
export function requireArguments(command: Command, report: Report, expected = 'at least one argument'): boolean {
  if (command.args.length > 0 || command.pairs.length > 0) return true
  if (!command.invalid) {
    report('INSTRUCTION_ARGUMENTS', `${command.name.toUpperCase()} requires ${expected}`, command.keyword.span)
  }
  return false
}
