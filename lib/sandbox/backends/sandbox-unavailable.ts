// `SANDBOX_UNAVAILABLE`: the error of a build that cannot run its commands.
import { TsbuildError } from '../../base/errors.ts'
import type { Isolation, Probe } from '../types.ts'

/** The error: what was tried, how each attempt failed, and what would help. */
export function sandboxUnavailable(probes: readonly Probe[], wanted: Isolation | 'auto'): TsbuildError {
  const failed = probes.filter((probe) => !probe.ok)
  const lines = failed.map(({ name, detail }) => `  ${name}: ${detail}`)
  const what = wanted === 'auto' ? 'nothing that runs commands works here' : `--isolation=${wanted} does not work here`
  const remedies = [...new Set(failed.flatMap(({ remedy }) => remedy ?? []))]
  const advice =
    remedies.length > 0 ? `one of these would help:\n${remedies.map((line) => `  ${line}`).join('\n')}\n` : ''
  return new TsbuildError('SANDBOX_UNAVAILABLE', [what, ...lines].join('\n'), {
    hint: `${advice}\`tsbuild doctor\` shows more`,
  })
}
