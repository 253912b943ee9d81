import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { count } from '../../base/count.ts'
import { messageOf } from '../../base/errors.ts'
import { resolvePathInRoot } from '../../base/path-in-root.ts'
import { formatDiagnostic, parse, TsbuildError } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { colorReport } from '../terminal/color-report.ts'
import { painter } from '../terminal/paint.ts'
import { readText, type Terminal } from '../terminal/terminal.ts'
import { printable } from '../terminal/text-width.ts'

export const run: Run = async (args, terminal) => {
  const [given] = args.positionals
  const name = given === '-' ? 'stdin' : (given ?? 'Dockerfile')
  const tree = parse(given === '-' ? await readText(terminal) : readDockerfile(given, terminal), { name })
  for (const diagnostic of tree.diagnostics) {
    const report = formatDiagnostic(tree.file, diagnostic).split('\n').map(printable).join('\n')
    terminal.err.write(`${colorReport(report, painter(terminal.err.color))}\n\n`)
  }
  const errors = tree.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length
  if (args.on('json')) {
    terminal.out.write(`${JSON.stringify(tree, undefined, 2)}\n`)
  } else if (errors === 0) {
    const size = `${count(tree.stages.length, 'stage')}, ${count(tree.instructions.length, 'instruction')}`
    const warnings = tree.diagnostics.length === 0 ? '' : `, ${count(tree.diagnostics.length, 'warning')}`
    terminal.out.write(`${printable(name)}: ${size}${warnings}\n`)
  }
  return errors > 0 ? EXIT_CODES.failed : EXIT_CODES.ok
}

function readDockerfile(given: string | undefined, { cwd }: Terminal): string {
  const path = given ?? 'Dockerfile'
  // The user names no file: so its symlinks stay inside the directory, as those of a build context do.
  const inside = given === undefined ? resolvePathInRoot(cwd, path)?.absolute : undefined
  try {
    return readFileSync(inside ?? resolve(cwd, path), 'utf8')
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError('DOCKERFILE_NOT_FOUND', `can't read ${JSON.stringify(path)}: ${reason}`, { cause })
  }
}
