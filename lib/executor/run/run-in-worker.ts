// Sends a request to the worker, passes its output on, and reports a command that failed.
import { type ErrorCode, TsbuildError } from '../../base/errors.ts'
import type { Session } from '../session.ts'
import type { FromWorker, RunRequest } from '../worker/protocol.ts'

type Done = Extract<FromWorker, { kind: 'done' }>
type Failed = Extract<FromWorker, { kind: 'failed' }>

/** Errors with `RUN_FAILED`, and with the worker's errors. */
export async function runInWorker(request: RunRequest, session: Session): Promise<Done> {
  const worker = await session.worker()
  const end = await worker.run(request, session.signal, (event) => {
    if (event.kind === 'warning') {
      session.warn({ code: event.code, message: event.message, hint: event.hint, step: request.step })
      return undefined
    }
    session.emit({ type: 'log', time: session.clock.now(), step: event.step, stream: event.stream, text: event.text })
    return session.caughtUp()
  })
  if (end.kind === 'done') return end
  throw commandFailed(end, request.args)
}

function commandFailed(end: Failed, args: readonly string[]): TsbuildError {
  const { lastLines: output } = end
  const outcome = end.exit.kind === 'exited' ? `exit code: ${end.exit.code}` : `killed by ${end.exit.signal}`
  return new TsbuildError(
    'RUN_FAILED' satisfies ErrorCode,
    `process ${JSON.stringify(args.join(' '))} did not complete successfully: ${outcome}`,
    {
      details: output.length === 0 ? [] : ['its last output:', ...output.map((line) => `  ${line}`)],
      log: output,
      exitCode: end.exit.kind === 'exited' ? end.exit.code : undefined,
      hint: hintFor(end, output),
    },
  )
}

const ONE_ID =
  'there is one user id here, and this program needs more: the native helper (`--isolation=auto`, on x64 and arm64) or subordinate ids, as `tsbuild doctor` says'

function hintFor({ kept, exit, refused }: Failed, output: readonly string[]): string | undefined {
  if (refused) return ONE_ID
  if (kept !== undefined) return `look around in its filesystem with: tsbuild shell ${kept}`
  if (exit.kind === 'killed' && exit.signal === 'SIGKILL')
    return 'something killed it: maybe the system ran out of memory'
  if (exit.kind === 'exited' && exit.code === 127) return 'exit code 127 means that a command was not found'
  if (exit.kind === 'exited' && exit.code === 126) return 'exit code 126 means that a file could not be executed'
  return output.length === 0 ? undefined : 'build with --keep-failed, then look around with `tsbuild shell`'
}
