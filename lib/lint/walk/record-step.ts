import { heredocText } from '../../parser/index.ts'
import type { Add, Copy, Run } from '../../parser/types.ts'
import { isWithin, resolvePath } from '../facts/image-paths.ts'
import { shellCommands } from '../facts/shell-commands.ts'
import type { CopyStep, RunStep, Step } from '../step.ts'
import type { Evaluation } from './evaluation.ts'
import type { Command } from './plan-stages.ts'
import { expand } from './walk.ts'

/** An instruction right after its evaluation. Tells the rules about a script, too. */
export function recordStep(evaluation: Evaluation, instruction: Command['instruction'], baseName: string): Step {
  const { site } = evaluation
  if (instruction.kind === 'RUN') return runStep(evaluation, instruction, baseName)
  if (instruction.kind === 'COPY' || instruction.kind === 'ADD') return copyStep(evaluation, instruction)
  return { kind: 'other', instruction, site }
}

function copyStep({ walk, state, site }: Evaluation, instruction: Copy | Add): CopyStep {
  const written = expand(walk, instruction.destination, state.env).value
  const destination = resolvePath(state.workdir, written)
  return {
    kind: 'copy',
    instruction,
    site,
    sources: instruction.sources.flatMap((source) =>
      source.kind === 'path' ? { word: source.path, path: expand(walk, source.path, state.env).value } : [],
    ),
    destination,
    isDirectory: /(?:^|\/)\.{0,2}$/.test(written) || isWithin(state.workdir, destination),
  }
}

function runStep(evaluation: Evaluation, run: Run, baseName: string): RunStep {
  const { walk, state, site } = evaluation
  const isPosix = state.isPosix && state.platform.os !== 'windows' && walk.dockerfile.escape === '\\'
  const script = isPosix ? scriptOf(run) : ''
  if (script !== '') {
    walk.emit(
      'script',
      {
        run,
        script,
        globalArgs: walk.globalArgLines,
        isDefined: (name) => state.env.has(name) || state.args.has(name),
        unknownBase: state.envIsKnown ? undefined : baseName,
      },
      site,
    )
  }
  return { kind: 'run', instruction: run, site, script, commands: shellCommands(script), workdir: state.workdir }
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
