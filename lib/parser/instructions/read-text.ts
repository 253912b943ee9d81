// The instructions whose argument is the rest of the line.
import type { Report } from '../syntax/syntax-node.ts'
import type { Maintainer, StopSignal, User, Word, Workdir } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'
import { requireArguments } from './require-arguments.ts'

export function readMaintainer(node: CommandInLines, report: Report): Maintainer | undefined {
  const name = readText(node, report)
  return name && { ...instructionBase(node), kind: 'MAINTAINER', name }
}

export function readUser(node: CommandInLines, report: Report): User | undefined {
  const user = readText(node, report)
  return user && { ...instructionBase(node), kind: 'USER', user }
}

export function readWorkdir(node: CommandInLines, report: Report): Workdir | undefined {
  const path = readText(node, report)
  return path && { ...instructionBase(node), kind: 'WORKDIR', path }
}

/** STOPSIGNAL ignores flags, as it does in BuildKit. */
export function readStopSignal(node: CommandInLines, report: Report): StopSignal | undefined {
  const signal = readText({ ...node, flags: [] }, report)
  return signal && { ...instructionBase(node), kind: 'STOPSIGNAL', signal }
}

function readText(node: CommandInLines, report: Report): Word | undefined {
  readFlags(node, {}, report)
  return requireArguments(node, report, 'exactly one argument') ? node.args[0] : undefined
}
