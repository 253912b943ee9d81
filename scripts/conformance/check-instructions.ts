import { TsbuildError } from '../../lib/base/errors.ts'
import { parse, type Run, resolveMount } from '../../lib/parser/index.ts'
import { type Case, compare, recordOf, stringOf, stringsOf } from './check.ts'
import { checkRejection, describeErrors, isSameReason } from './check-rejection.ts'
import { toBuildKitStages } from './to-buildkit-stages.ts'

/** Checks instructions {dockerfile, expect} and rejections {dockerfile, error, phase, lines}. */
export function checkInstructions(record: Case): string | undefined {
  const text = stringOf(record['dockerfile'])
  if (record['phase'] === 'expand') return checkExpansion(text, stringOf(record['error']))
  if (record['phase'] !== undefined) return checkRejection(text, stringOf(record['error']), record['lines'])
  const expected = recordOf(record['expect'])
  if (typeof expected['error'] === 'string') return checkRejection(text, expected['error'], expected['lines'])
  const dockerfile = parse(text)
  const { recorded, actual } = withoutSameErrors(expected, toBuildKitStages(dockerfile))
  return describeErrors(dockerfile) ?? compare(text, recorded, actual)
}

/** BuildKit checks mounts only when it expands their values. The recorded expansion keeps the values as they are. */
function checkExpansion(text: string, error: string): string | undefined {
  const dockerfile = parse(text)
  const runs = dockerfile.instructions.filter((instruction): instruction is Run => instruction.kind === 'RUN')
  try {
    for (const mount of runs.flatMap(({ mounts }) => mounts)) resolveMount(mount, (value) => value)
    return `${JSON.stringify(text)}\nexpected ${error}\ngot no error`
  } catch (thrown) {
    if (!(thrown instanceof TsbuildError)) throw thrown
    if (isSameReason(error, thrown.code, thrown.message)) return describeErrors(dockerfile)
    return `${JSON.stringify(text)}\nexpected ${error}\ngot ${thrown.code}: ${thrown.message}`
  }
}

/** Both sides with `expandError: true` if the errors have the same reason in different words. */
function withoutSameErrors(expected: Case, actual: Case): { readonly recorded: unknown; readonly actual: unknown } {
  const errors: TsbuildError[] = []
  const marked: unknown = JSON.parse(
    JSON.stringify(actual, function (this: Readonly<Record<string, unknown>>, key, value) {
      // An error has a form of its own as JSON, which is the value here.
      const original = this[key]
      return original instanceof TsbuildError ? errors.push(original) > 0 : value
    }),
  )
  const recorded: unknown = JSON.parse(
    JSON.stringify(expected, (key, value) => {
      // Go's maps have no order.
      if (key === 'flagsUsed') return stringsOf(value).sort()
      if (key !== 'expandError') return value
      const error = errors.shift()
      return (error && isSameReason(stringOf(value), error.code, error.message)) || value
    }),
  )
  return { recorded, actual: marked }
}
