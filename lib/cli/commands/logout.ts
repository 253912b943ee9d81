import { logout } from '../../index.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'

export const run: Run = async (args, terminal) => {
  const [registry = 'docker.io'] = args.positionals
  const known = await interruptible((signal) => logout(registry, { signal }))
  terminal.out.write(known ? `logged out of ${registry}\n` : `there were no credentials for ${registry}\n`)
  return EXIT_CODES.ok
}
