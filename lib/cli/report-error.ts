import { UsageError } from './arguments/usage-error.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { colorReport } from './terminal/color-report.ts'
import { Interrupted } from './terminal/interrupts.ts'
import { painter } from './terminal/paint.ts'
import type { Terminal } from './terminal/terminal.ts'
import { printable } from './terminal/text-width.ts'
import type { Annotation } from './terminal/workflow.ts'

export interface ReportOptions {
  readonly debug: boolean
  /** Print the error as one line of JSON, for `--progress=rawjson`. */
  readonly json: boolean
}

/** Prints an error, and returns the exit code. Errors become text only here. */
export async function reportError(error: unknown, terminal: Terminal, options: ReportOptions): Promise<number> {
  const { code, text, exitCode, annotation } = await describe(error)
  const stack = options.debug && exitCode !== EXIT_CODES.bug ? `\n${stackOf(error)}` : ''
  if (options.json) {
    terminal.err.write(`${JSON.stringify({ type: 'error', time: Date.now(), code, text: text + stack })}\n`)
  } else {
    const safe = (text + stack).split('\n').map(printable).join('\n')
    terminal.err.write(`${colorReport(safe, painter(terminal.err.color))}\n`)
  }
  const { workflow } = terminal
  if (workflow) {
    const { codeBlock } = await import('./ci/code-block.ts')
    workflow.annotate({ kind: 'error', title: code, message: text, ...annotation })
    workflow.summarize(codeBlock(text.split('\n').map(printable).join('\n')))
  }
  return exitCode
}

interface Description {
  readonly code: string
  readonly text: string
  readonly exitCode: number
  /** The message by itself, and its place. */
  readonly annotation?: Omit<Annotation, 'kind' | 'title'>
}

async function describe(given: unknown): Promise<Description> {
  if (given instanceof UsageError) return { code: given.code, text: await usageText(given), exitCode: EXIT_CODES.usage }
  if (given instanceof Interrupted) return { code: 'INTERRUPTED', text: 'interrupted', exitCode: given.exitCode }
  const [{ TsbuildError, formatError }, { asSystemFailure }] = await Promise.all([
    import('../base/errors.ts'),
    import('../base/system-failure.ts'),
  ])
  const error = asSystemFailure(given)
  if (error instanceof TsbuildError) {
    const { file, line, column } = error.toJSON().location ?? {}
    const annotation = { message: error.message, file, line, column }
    return { code: error.code, text: formatError(error), exitCode: EXIT_CODES.failed, annotation }
  }
  const text = `error: this is a bug in tsbuild, please report it with the command and this stack trace:\n${stackOf(error)}`
  return { code: 'BUG', text, exitCode: EXIT_CODES.bug }
}

async function usageText(error: UsageError): Promise<string> {
  const { unknown } = error
  const meant = unknown && (await import('../base/suggest.ts')).suggest(unknown.word, unknown.candidates)
  const hint = meant && unknown ? `did you mean ${unknown.prefix}${meant}?` : error.hint
  return `error: ${error.message} [${error.code}]${hint ? `\nhint: ${hint}` : ''}`
}

/** An error's stack and the stacks of its causes. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
