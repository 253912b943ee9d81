import { login } from '../../index.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { Run } from '../command-spec.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { interruptible } from '../terminal/interrupts.ts'
import { readText } from '../terminal/terminal.ts'

export const run: Run = async (args, terminal) => {
  const [registry = 'docker.io'] = args.positionals
  const username = args.value('username') ?? ''
  if (username === '') throw new UsageError('OPTION_INVALID', '-u USER is missing')
  if (terminal.stdin.isTTY) {
    const hint = `read it from a file, so that nobody sees it: tsbuild login -u ${username} ${registry} < FILE`
    throw new UsageError('OPTION_INVALID', 'the password is read from standard input', { hint })
  }
  // Editors and echo append a line break, which is not part of the password.
  const password = (await readText(terminal)).replace(/\r?\n$/, '')
  if (password === '') throw new UsageError('OPTION_INVALID', 'there is no password on standard input')
  const kept = await interruptible((signal) => login(registry, { username, password }, { signal }))
  terminal.out.write(`logged in to ${kept.registry}\n`)
  const note = kept.plain ? `${kept.storage}, which is not encrypted` : kept.storage
  terminal.err.write(`the password is kept in ${note}\n`)
  return EXIT_CODES.ok
}
