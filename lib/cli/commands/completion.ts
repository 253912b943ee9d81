import type { Run } from '../command-spec.ts'
import { completionParser } from '../completion/completion-parser.ts'
import { EXIT_CODES } from '../exit-codes.ts'

export const run: Run = async () => {
  await completionParser(['completion']).parseAsync()
  return EXIT_CODES.ok
}
