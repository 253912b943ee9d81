// Instructions that hold a command: CMD, ENTRYPOINT and SHELL.
import type { Command, Report } from '../syntax/syntax-node.ts'
import type { Cmd, CommandLine, Entrypoint, Shell } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'
import { requireArguments } from './require-arguments.ts'

export function readCmd(node: CommandInLines, report: Report): Cmd | undefined {
  readFlags(node, {}, report)
  return node.invalid ? undefined : { kind: 'CMD', ...instructionBase(node), command: commandLine(node) }
}

export function readEntrypoint(node: CommandInLines, report: Report): Entrypoint | undefined {
  readFlags(node, {}, report)
  return node.invalid ? undefined : { kind: 'ENTRYPOINT', ...instructionBase(node), command: commandLine(node) }
}

export function readShell(node: CommandInLines, report: Report): Shell | undefined {
  readFlags(node, {}, report)
  if (!requireArguments(node, report)) return undefined
  if (!node.json) {
    const hint = `write SHELL ["/bin/sh", "-c"]`
    report('INSTRUCTION_ARGUMENTS', 'SHELL requires the arguments to be in JSON form', node.rest.span, hint)
    return undefined
  }
  return { kind: 'SHELL', ...instructionBase(node), args: node.args }
}

/** The arguments as a command, in exec form or shell form. No arguments are an empty command in shell form. */
export function commandLine({ json, args, rest }: Pick<Command, 'json' | 'args' | 'rest'>): CommandLine {
  if (json) return { form: 'exec', args, span: rest.span }
  return { form: 'shell', command: args[0] ?? rest }
}
