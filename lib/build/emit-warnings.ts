import { type Diagnostic, formatDiagnostic } from '../base/errors.ts'
import { positionAt } from '../base/source.ts'
import type { Clock } from '../executor/clock.ts'
import type { BuildEvent } from '../executor/events.ts'
import type { Graph } from '../graph/types.ts'

/**
 * Emits the warnings of the graphs and returns them. Graphs of several platforms share warnings: each is emitted
 * once.
 */
export function emitWarnings(
  graphs: readonly Graph[],
  emit: (event: BuildEvent) => void,
  clock: Clock,
): readonly Diagnostic[] {
  const warnings = new Map<string, Diagnostic>()
  for (const { dockerfile, diagnostics } of graphs) {
    for (const diagnostic of diagnostics) {
      const text = formatDiagnostic(dockerfile.file, diagnostic)
      if (warnings.has(text)) continue
      warnings.set(text, diagnostic)
      const { code, message, span } = diagnostic
      const { line } = positionAt(dockerfile.file.text, span.start)
      emit({ type: 'warning', time: clock.now(), code, message, text, line })
    }
  }
  return [...warnings.values()]
}
