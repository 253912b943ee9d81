import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { count } from '../../base/count.ts'
import {
  type BuildOptions,
  checkBuild,
  checkDockerfile,
  type Dockerfile,
  fixDockerfile,
  lintRules,
  stringify,
  TsbuildError,
} from '../../index.ts'
import { ruleSetNames } from '../../internal/index.ts'
import { readBuildOptions } from '../arguments/read-build-options.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Args, Run } from '../command-spec.ts'
import { LINT_FORMATS, showReport } from '../lint/show-report.ts'
import type { Terminal } from '../terminal/terminal.ts'

export const run: Run = async (args, terminal) => {
  const input = await readInput(args, terminal)
  const format = LINT_FORMATS.find((name) => name === args.value('format')) ?? 'text'
  // `--disable certain` leaves only the rules of `docker build --check`.
  const choice = { enable: ['certain', ...readRules(args, 'enable')], disable: readRules(args, 'disable') }
  const checked = await checkBuild(input, choice)
  if (!args.on('fix')) return showReport(checked.dockerfile.file, checked.report, format, terminal.out)
  const { dockerfile, fixed } = fixDockerfile(checked.dockerfile, checked.options)
  // A Dockerfile from standard input is fixed to standard output, so the report goes to standard error.
  const isStdin = typeof input.dockerfile === 'object'
  if (isStdin) terminal.out.write(stringify(dockerfile))
  else if (fixed.length > 0) writeFixed(checked.dockerfile, dockerfile)
  terminal.err.write(`${dockerfile.file.name}: fixed ${count(fixed.length, 'warning')}\n`)
  const report = checkDockerfile(dockerfile, checked.options)
  return showReport(dockerfile.file, report, format, isStdin ? terminal.err : terminal.out)
}

/** Reads `--enable NAME,NAME` or `--disable NAME,NAME`, given any number of times. */
function readRules(args: Args, flag: 'enable' | 'disable'): readonly string[] {
  const names = args.list(flag).flatMap((value) => value.split(',').map((name) => name.trim()))
  const known: readonly string[] = [...lintRules.map(({ name }) => name), ...ruleSetNames]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  const message = `--${flag}: there is no rule or set of rules named ${JSON.stringify(unknown)}`
  throw new UsageError('OPTION_INVALID', message, {
    hint: `the sets are ${ruleSetNames.join(', ')}`,
    unknown: { word: unknown, candidates: known, prefix: '' },
  })
}

/** PATH may also be a Dockerfile; its directory is the context then. */
async function readInput(args: Args, terminal: Terminal): Promise<BuildOptions> {
  const input = await readBuildOptions(args, terminal)
  const path = args.positionals[0]
  if (path === undefined || input.dockerfile !== undefined) return input
  const isFile = statSync(resolve(terminal.cwd, path), { throwIfNoEntry: false })?.isFile() === true
  return isFile ? { ...input, context: dirname(path), dockerfile: join(dirname(path), basename(path)) } : input
}

/**
 * Writes the fixed file, but only if the file is exactly the text that was read: bytes that are not UTF-8 would
 * be lost.
 */
function writeFixed(before: Dockerfile, after: Dockerfile): void {
  const { name, text } = before.file
  if (!readFileSync(name).equals(Buffer.from(text))) {
    throw new TsbuildError(
      'DOCKERFILE_SYNTAX',
      `${JSON.stringify(name)} can't be fixed: it is not UTF-8, or has changed`,
    )
  }
  writeFileSync(name, stringify(after))
}
