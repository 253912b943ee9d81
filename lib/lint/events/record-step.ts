import { hasKey } from '../../base/shared-map.ts'
import { type StageState, variableOf } from '../../graph/evaluate/stage-state.ts'
import { heredocText } from '../../parser/index.ts'
import type { Add, Copy, From, Instruction, Run, Word } from '../../parser/types.ts'
import { isWithin, resolvePath } from '../facts/image-paths.ts'
import { shellCommands } from '../facts/shell-commands.ts'
import type { LintRun } from '../lint-run.ts'
import type { Site } from '../site.ts'
import type { CopyStep, RunStep, Step } from '../step.ts'

export interface RecordedStage {
  readonly run: LintRun
  readonly state: StageState
  readonly baseName: string
  readonly workdir: string
  readonly isWindows: boolean
}

/** Records an instruction right after its evaluation. Emits the script of a RUN. */
export function recordStep(
  stage: RecordedStage,
  instruction: Exclude<Instruction, From>,
  site: Site,
  text: (word: Word) => string,
): Step {
  if (instruction.kind === 'RUN') return runStep(stage, instruction, site)
  if (instruction.kind === 'COPY' || instruction.kind === 'ADD') return copyStep(stage, instruction, site, text)
  return { kind: 'other', instruction, site }
}

function copyStep(
  { workdir }: RecordedStage,
  instruction: Copy | Add,
  site: Site,
  text: (word: Word) => string,
): CopyStep {
  const written = text(instruction.destination)
  const destination = resolvePath(workdir, written)
  return {
    kind: 'copy',
    instruction,
    site,
    sources: instruction.sources.flatMap((source) =>
      source.kind === 'path' ? { word: source.path, path: text(source.path) } : [],
    ),
    destination,
    isDirectory: /(?:^|\/)\.{0,2}$/.test(written) || isWithin(workdir, destination),
  }
}

function runStep({ run, state, baseName, workdir, isWindows }: RecordedStage, instruction: Run, site: Site): RunStep {
  const { Shell = [] } = state.config
  const isPosix = Shell.length > 0 ? isPosixShell(Shell) : !isWindows
  const isRead = isPosix && state.platform.os !== 'windows' && run.dockerfile.escape === '\\'
  const script = isRead ? scriptOf(instruction) : ''
  if (script !== '') {
    const event = {
      run: instruction,
      script,
      globalArgs: globalArgLines(run),
      isDefined: (name: string) => variableOf(state, name) !== undefined || hasKey(state.args, name),
      unknownBase: state.unknownBase === undefined ? undefined : baseName,
    }
    run.emit('script', event, site)
  }
  return { kind: 'run', instruction, site, script, commands: shellCommands(script), workdir }
}

const isPosixShell = ([shell = '/bin/sh']: readonly string[]): boolean =>
  /(?:^|\/)(?:sh|bash|ash|dash|ksh|zsh)$/.test(shell)

/** The lines of the ARGs before the first FROM, by name. */
function globalArgLines({ dockerfile }: LintRun): ReadonlyMap<string, number> {
  return new Map(
    dockerfile.globalArgs.flatMap(({ args, startLine }) => args.map(({ name }) => [name.value, startLine] as const)),
  )
}

/** The script that the shell gets; empty for the exec form, and for a heredoc that another program reads. */
function scriptOf({ command, heredocs }: Run): string {
  if (command.form === 'exec') return ''
  const [heredoc] = heredocs
  if (!heredoc) return command.command.value
  const isWholeScript = heredocs.length === 1 && /^[0-9]*<<-?\S+$/.test(command.command.value.trim())
  const body = heredocText(heredoc)
  if (!isWholeScript) return ''
  const interpreter = /^#![^\n]*/.exec(body)?.[0]
  return interpreter === undefined || /\b(?:sh|bash|ash|dash|ksh|zsh)\b/.test(interpreter) ? body : ''
}
