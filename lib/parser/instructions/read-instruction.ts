import { suggest } from '../../base/suggest.ts'
import type { Report } from '../syntax/syntax-node.ts'
import type { Instruction } from '../types.ts'
import type { CommandInLines } from './instruction-base.ts'
import { readArg } from './read-arg.ts'
import { readCmd, readEntrypoint, readShell } from './read-command-line.ts'
import { readAdd, readCopy } from './read-copy.ts'
import { readEnv, readLabel } from './read-env-label.ts'
import { readExpose, readVolume } from './read-expose-volume.ts'
import { readFrom } from './read-from.ts'
import { readHealthcheck } from './read-healthcheck.ts'
import { readOnBuild } from './read-onbuild.ts'
import { readRun } from './read-run.ts'
import { readMaintainer, readStopSignal, readUser, readWorkdir } from './read-single-argument.ts'

type Reader = (node: CommandInLines, report: Report) => Instruction | undefined

const READERS: Readonly<Record<Exclude<Instruction['kind'], 'ONBUILD'>, Reader>> = {
  ADD: readAdd,
  ARG: readArg,
  CMD: readCmd,
  COPY: readCopy,
  ENTRYPOINT: readEntrypoint,
  ENV: readEnv,
  EXPOSE: readExpose,
  FROM: readFrom,
  HEALTHCHECK: readHealthcheck,
  LABEL: readLabel,
  MAINTAINER: readMaintainer,
  RUN: readRun,
  SHELL: readShell,
  STOPSIGNAL: readStopSignal,
  USER: readUser,
  VOLUME: readVolume,
  WORKDIR: readWorkdir,
}

const READERS_BY_NAME: ReadonlyMap<string, Reader> = new Map(Object.entries(READERS))
const NAMES: readonly string[] = [...READERS_BY_NAME.keys(), 'ONBUILD']

/** Reads the flags and arguments of an instruction. Undefined if it has errors that leave no usable instruction. */
export function readInstruction(node: CommandInLines, report: Report, warn: Report): Instruction | undefined {
  const name = node.name.toUpperCase()
  return name === 'ONBUILD' ? readOnBuild(node, { report, warn, readTrigger: readKnown }) : readKnown(node, report)
}

function readKnown(node: CommandInLines, report: Report): Instruction | undefined {
  const reader = READERS_BY_NAME.get(node.name.toUpperCase())
  if (reader) return reader(node, report)
  const { value, span } = node.keyword
  const match = suggest(value, NAMES)
  const suggestion = value === value.toLowerCase() ? match?.toLowerCase() : match
  report(
    'INSTRUCTION_UNKNOWN',
    `unknown instruction ${JSON.stringify(value)}`,
    span,
    match && `did you mean ${suggestion}?`,
  )
  return undefined
}
