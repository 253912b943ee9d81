// Completion in shells, by yargs. Command lines are read without it, since loading it takes as long as starting Node.js.
import yargs, { type Argv } from 'yargs'

/**
 * A parser that prints, once it is told to parse: for `completion`, the script that makes the shell of `$SHELL` ask; for the words that
 * such a script asks with, what may stand in place of the last of them, a line each.
 */
export function completionParser(words: readonly string[]): Argv {
  return yargs([...words])
    .scriptName('tsbuild')
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'dot-notation': false })
    .detectLocale(false)
    .exitProcess(false)
    .help(false)
    .version(false)
    .completion('completion', false)
}
