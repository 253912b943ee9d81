// Instructions whose single argument is the rest of the line: MAINTAINER, STOPSIGNAL, USER and WORKDIR.
import type { Report } from '../syntax/syntax-node.ts'
import type { Maintainer, StopSignal, User, Word, Workdir } from '../types.ts'
import { type CommandInLines, instructionBase } from './instruction-base.ts'
import { readFlags } from './read-flags.ts'
import { requireArguments } from './require-arguments.ts'

export function readMaintainer(node: CommandInLines, report: Report): Maintainer | undefined {
  const name = readText(node, report)
  return name && { kind: 'MAINTAINER', ...instructionBase(node), name }
}

export function readUser(node: CommandInLines, report: Report): User | undefined {
  const user = readText(node, report)
  return user && { kind: 'USER', ...instructionBase(node), user }
}

export function readWorkdir(node: CommandInLines, report: Report): Workdir | undefined {
  const path = readText(node, report)
  return path && { kind: 'WORKDIR', ...instructionBase(node), path }
}

/** Reads a STOPSIGNAL. Flags are ignored, as in BuildKit. */
export function readStopSignal(node: CommandInLines, report: Report): StopSignal | undefined {
  const signal = readText({ ...node, flags: [] }, report)
  return signal && { kind: 'STOPSIGNAL', ...instructionBase(node), signal }
}

function readText(node: CommandInLines, report: Report): Word | undefined {
  readFlags(node, {}, report)
  return requireArguments(node, report, 'exactly one argument') ? node.args[0] : undefined
}
