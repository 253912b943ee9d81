// Shell completion, by yargs. Other command lines are parsed without yargs, which takes as long to load as
// Node.js to start.
import yargs, { type Argv } from 'yargs'

/**
 * A parser whose parse() prints: for `completion`, the completion script for the shell of `$SHELL`; for the
 * words of a request of that script, the completions of the last word, one a line.
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
