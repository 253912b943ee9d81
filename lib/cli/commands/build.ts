import { setFlagsFromString } from 'node:v8'
import { build } from '../../build/build.ts'
import { parseCacheFrom, parseCacheTo } from '../../build/caches/parse-cache-options.ts'
import { parseOutput } from '../../export/parse-output.ts'
import type { BuildEvent, BuildOptions, BuildResult, Output } from '../../index.ts'
import { asUsageError } from '../arguments/as-usage-error.ts'
import { type CallFlag, parseCall } from '../arguments/parse-call.ts'
import { readBuildOptions, readPairs } from '../arguments/read-build-options.ts'
import { readRunOptions } from '../arguments/read-run-options.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { summaryLines } from '../build-summary.ts'
import type { Args, Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { resultID, writeIidfile } from '../iidfile.ts'
import { metadata, writeMetadata } from '../metadata-file.ts'
import { chooseProgress, openProgress, type ProgressKind } from '../progress/choose-progress.ts'
import { PROGRESS_MODES } from '../progress/progress-modes.ts'
import { variableWarnings } from '../progress/variable-warnings.ts'
import { removeResultFile } from '../result-file.ts'
import { interruptible } from '../terminal/interrupts.ts'
import type { Terminal } from '../terminal/terminal.ts'

export const run: Run = async (args, terminal) => {
  const started = Date.now()
  const kind = readProgress(args, terminal)
  const outputs = readOutputs(args, terminal)
  const iidfile = args.value('iidfile')
  const metadataFile = args.value('metadata-file')
  const call = parseCall(args.value('call') ?? 'build')
  const input = await readBuildOptions(args, terminal)
  const method = args.on('check') ? 'check' : call.method
  if (method !== 'build') return await callMethod(method, input, call.format, terminal)
  const labels = readPairs('label', args.list('label'), () => '')
  removeResultFile(iidfile)
  removeResultFile(metadataFile)
  const { workflow } = terminal
  const summary = workflow && (await import('../ci/job-summary.ts'))
  const events = summary?.summaryEvents()
  const progress = openProgress(kind, terminal.err, terminal.env)
  for (const warning of variableWarnings(terminal.env)) progress.onEvent(warning)
  const options = {
    ...input,
    labels,
    tags: args.list('tag'),
    noCache: args.on('no-cache') || args.list('no-cache-filter').flatMap((value) => value.split(',')),
    ...(args.on('pull') && { pull: 'always' as const }),
    run: readRunOptions(args, terminal),
    outputs,
    cacheFrom: args.list('cache-from').flatMap(parsed(parseCacheFrom)),
    cacheTo: args.list('cache-to').flatMap(parsed(parseCacheTo)),
    onEvent: (event: BuildEvent) => {
      progress.onEvent(event)
      events?.add(event)
      return progress.caughtUp()
    },
  }
  // Data about a context lives as long as the build, so a larger young generation would only cost memory, about
  // 15 MB. The flag is set after all modules are loaded: with other V8 flags, Node.js no longer uses its own
  // compiled snapshot.
  setFlagsFromString('--semi-space-growth-factor=1')
  const result = await interruptible(async (signal) => await build({ ...options, signal }), progress.note).finally(
    progress.finish,
  )
  if (iidfile !== undefined) writeIidfile(iidfile, result)
  if (metadataFile !== undefined) writeMetadata(metadataFile, metadata(result))
  const elapsed = Date.now() - started
  showResult(result, kind, { outputs, elapsed }, terminal)
  if (summary && events) {
    for (const annotation of events.warnings()) workflow?.annotate(annotation)
    workflow?.summarize(summary.jobSummary(result, elapsed, events.missed()))
  }
  return EXIT_CODES.ok
}

/**
 * Runs a method of `--call`. Nothing is built or written. Its modules are loaded here, since builds do not need
 * them.
 */
async function callMethod(
  method: Exclude<CallFlag['method'], 'build'>,
  input: BuildOptions,
  format: CallFlag['format'],
  terminal: Terminal,
): Promise<number> {
  const { showOutline, showTargets } = await import('../call-methods.ts')
  if (method === 'targets') return await showTargets(input, format, terminal)
  if (method === 'outline') return await showOutline(input, format, terminal)
  const [{ checkBuild }, { showReport }] = await Promise.all([
    import('../../index.ts'),
    import('../lint/show-report.ts'),
  ])
  const { dockerfile, report } = await checkBuild(input)
  return showReport(dockerfile.file, report, format, terminal.out)
}

function showResult(
  result: BuildResult,
  kind: ProgressKind,
  details: { readonly outputs: readonly Output[]; readonly elapsed: number },
  terminal: Terminal,
): void {
  const { err } = terminal
  if (kind === 'quiet') {
    // If a tar goes to standard output, the ID goes to standard error.
    const screen = details.outputs.some(isStandardOutput) ? err : terminal.out
    screen.write(`${resultID(result)}\n`)
  } else if (kind === 'plain' || kind === 'tty') {
    const lines = summaryLines(result, { elapsed: details.elapsed, color: err.color, unicode: err.unicode })
    err.write(`${lines.join('\n')}\n`)
  }
}

function readProgress(args: Args, terminal: Terminal): ProgressKind {
  const asked = args.value('progress') ?? 'auto'
  if (!args.on('quiet')) {
    return chooseProgress(asked === 'auto' ? defaultProgress(terminal) : asked, terminal.err, terminal.env)
  }
  const given = args.value('progress')
  if (given !== undefined && given !== 'auto' && given !== 'quiet') {
    throw new UsageError('OPTION_INVALID', `--quiet and --progress=${given} contradict each other`)
  }
  return 'quiet'
}

function defaultProgress({ env }: Terminal): string {
  const mode = env['BUILDKIT_PROGRESS'] || 'auto'
  if (PROGRESS_MODES.includes(mode)) return mode
  const expected = PROGRESS_MODES.join(', ')
  const message = `the variable BUILDKIT_PROGRESS can't be ${JSON.stringify(mode)}: expected ${expected}`
  throw new UsageError('OPTION_INVALID', message)
}

function readOutputs(args: Args, terminal: Terminal): Output[] {
  const given = args.list('output').map(parsed(parseOutput))
  const push = args.on('push') && !given.some(({ type }) => type === 'registry')
  const outputs: Output[] = push ? [...given, { type: 'registry' }] : given
  if (outputs.some((output) => output.type === 'registry' && !output.name) && args.list('tag').length === 0) {
    throw new UsageError('OPTION_INVALID', 'the image has no name to be pushed under', { hint: 'name it with -t' })
  }
  if (terminal.out.isTTY && outputs.some(isStandardOutput)) {
    const hint = 'redirect standard output, or write to a file with dest=FILE'
    throw new UsageError('OPTION_INVALID', 'standard output is a terminal: the archive is not written there', { hint })
  }
  return outputs
}

const isStandardOutput = (output: Output): boolean => output.type !== 'registry' && output.dest === '-'

/** A parser of a flag's value, whose errors are errors in the command line. */
function parsed<T>(parse: (value: string) => T): (value: string) => T {
  return (value) => {
    try {
      return parse(value)
    } catch (error) {
      throw asUsageError(error)
    }
  }
}
