import type { Run } from '../command.ts'
import { completionParser } from '../completion.ts'
import { exitCodes } from '../exit-codes.ts'

export const run: Run = async () => {
  await completionParser(['completion']).parseAsync()
  return exitCodes.ok
}
