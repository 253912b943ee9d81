// Converts the typed tree to the shape of BuildKit's instructions.Parse, as the corpora record it.

import { unreachable } from '../../lib/base/unreachable.ts'
import {
  type Add,
  type Arg,
  type CommandLine,
  type Copy,
  type Dockerfile,
  docComment,
  type Healthcheck,
  heredocText,
  type Instruction,
  type KeyValue,
  type Run,
  type Stage,
} from '../../lib/parser/index.ts'
import type { Case } from './check.ts'
import { toBuildKitMounts } from './to-buildkit-mounts.ts'

export function toBuildKitStages({ globalArgs, stages }: Dockerfile): Case {
  return { metaArgs: globalArgs.map(toCommand), stages: stages.map(toStage) }
}

function toStage({ from, name, instructions }: Stage): Case {
  const comment = name && docComment(from.comments, name)
  return {
    base: from.image.value,
    commands: instructions.map(toCommand),
    end: from.endLine,
    name: name ?? '',
    orig: from.keyword.value,
    platform: from.platform?.value ?? '',
    source: from.original,
    start: from.startLine,
    ...(comment && { docComment: comment }),
  }
}

function toCommand(instruction: Instruction): Case {
  const { startLine, keyword, original } = instruction
  return { line: startLine, name: keyword.value, string: original, ...fieldsOf(instruction) }
}

function fieldsOf(instruction: Instruction): Case {
  switch (instruction.kind) {
    case 'FROM':
      throw new Error('bug: FROM starts a stage, and is not in one')
    case 'ARG':
      return { args: instruction.args.map((arg) => toArg(instruction, arg)) }
    case 'ENV':
      return { env: instruction.pairs.map(toPair) }
    case 'LABEL':
      return { labels: instruction.pairs.map(toPair) }
    case 'RUN':
      return runFields(instruction)
    case 'COPY': {
      const { from, parents } = instruction
      return { ...copyFields(instruction), from: from?.value ?? '', parents }
    }
    case 'ADD': {
      const { checksum, keepGitDir, unpack } = instruction
      const flags = { keepGitDir: keepGitDir ?? null, unpack: unpack ?? null }
      return { ...copyFields(instruction), checksum: checksum?.value ?? '', ...flags }
    }
    case 'CMD':
      return { cmdline: cmdlineOf(instruction.command), shell: instruction.command.form === 'shell' }
    case 'ENTRYPOINT': {
      const cmdline = cmdlineOf(instruction.command)
      return { cmdline: cmdline.length > 0 ? cmdline : null, shell: instruction.command.form === 'shell' }
    }
    case 'SHELL':
      return { shell: instruction.args.map(({ value }) => value) }
    case 'HEALTHCHECK':
      return { health: healthOf(instruction) }
    case 'EXPOSE':
      return { ports: instruction.ports.map(({ value }) => value).sort(compareBytes) }
    case 'VOLUME':
      return { volumes: instruction.paths.map(({ value }) => value) }
    case 'USER':
      return { user: instruction.user.value }
    case 'WORKDIR':
      return { path: instruction.path.value }
    case 'STOPSIGNAL':
      return { signal: instruction.signal.value }
    case 'MAINTAINER':
      return { maintainer: instruction.name.value }
    case 'ONBUILD':
      return { expression: instruction.expression }
    default:
      return unreachable(instruction)
  }
}

function toArg({ comments }: Arg, { name, defaultValue }: Arg['args'][number]): Case {
  return { Key: name.value, Value: defaultValue?.value ?? null, DocComment: docComment(comments, name.value) ?? '' }
}

const toPair = ({ key, value, separator }: KeyValue): Case => ({
  Key: key.value,
  Value: value.value,
  NoDelim: separator === ' ',
})

function runFields({ command, heredocs, flags, mounts, network, security }: Run): Case {
  const files = heredocs.map(({ name, content, chomp }) => ({ Name: name, Data: content, Chomp: chomp }))
  return {
    cmdline: cmdlineOf(command),
    shell: command.form === 'shell',
    files: files.length > 0 ? files : null,
    flagsUsed: [...new Set(flags.map(({ name }) => name))].sort(),
    network: network ?? 'default',
    security: security ?? 'sandbox',
    ...toBuildKitMounts(mounts),
  }
}

function copyFields({ sources, destination, chown, chmod, link, exclude }: Copy | Add): Case {
  const paths = sources.flatMap((source) => (source.kind === 'path' ? [source.path.value] : []))
  const contents = sources.flatMap((source) => {
    if (source.kind === 'path') return []
    const { heredoc } = source
    return [{ Path: heredoc.name, Data: heredocText(heredoc), Expand: heredoc.expand }]
  })
  return {
    sources: paths.length > 0 ? paths : null,
    contents: contents.length > 0 ? contents : null,
    dest: destination.value,
    chown: chown?.value ?? '',
    chmod: chmod?.value ?? '',
    link,
    exclude: exclude.length > 0 ? exclude.map(({ value }) => value) : null,
  }
}

function cmdlineOf(command: CommandLine): string[] {
  if (command.form === 'exec') return command.args.map(({ value }) => value)
  return command.command.value === '' ? [] : [command.command.value]
}

function healthOf({ command, interval, timeout, startPeriod, startInterval, retries }: Healthcheck): Case {
  if (!command) return { Test: ['NONE'] }
  const settings = Object.entries({
    Interval: interval,
    Timeout: timeout,
    StartPeriod: startPeriod,
    StartInterval: startInterval,
    Retries: retries,
  })
  const test = [command.form === 'shell' ? 'CMD-SHELL' : 'CMD', ...cmdlineOf(command)]
  return { Test: test, ...Object.fromEntries(settings.filter(([, value]) => value !== 0)) }
}

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
