import { openShell } from '../../internal/index.ts'
import { readIsolation } from '../arguments/read-run-options.ts'
import type { Run } from '../command-spec.ts'

export const run: Run = async (args) => {
  const [name] = args.positionals
  const store = args.value('store')
  const command = args.value('command')
  return await openShell({
    isolation: readIsolation(args),
    ...(name !== undefined && { name }),
    ...(store !== undefined && { store }),
    ...(command !== undefined && { command: ['/bin/sh', '-c', command] }),
  })
}
