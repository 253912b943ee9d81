import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { count } from '../../base/count.ts'
import { messageOf } from '../../base/errors.ts'
import { formatDiagnostic, parse, TsbuildError } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { colorReport } from '../terminal/color-report.ts'
import { readText, type Terminal } from '../terminal/terminal.ts'
import { printable } from '../terminal/text-width.ts'

export const run: Run = async (args, terminal) => {
  const path = args.positionals[0] ?? 'Dockerfile'
  const name = path === '-' ? 'stdin' : path
  const tree = parse(path === '-' ? await readText(terminal) : readDockerfile(path, terminal), { name })
  for (const diagnostic of tree.diagnostics) {
    const report = formatDiagnostic(tree.file, diagnostic).split('\n').map(printable).join('\n')
    terminal.err.write(`${colorReport(report, terminal.err.color)}\n\n`)
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

function readDockerfile(path: string, terminal: Terminal): string {
  try {
    return readFileSync(resolve(terminal.cwd, path), 'utf8')
  } catch (cause) {
    const reason = messageOf(cause)
    throw new TsbuildError('DOCKERFILE_NOT_FOUND', `can't read ${JSON.stringify(path)}: ${reason}`, { cause })
  }
}
