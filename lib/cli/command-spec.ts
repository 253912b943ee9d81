// A command as data, from which its arguments are parsed and its help is printed. Its code is loaded when it runs.
import type { Terminal } from './terminal/terminal.ts'

export interface FlagSpec {
  /** The long name, without dashes. */
  readonly name: string
  readonly short?: string
  /** `switch` is a boolean. Of several `value` flags the last counts. All `list` flags count. */
  readonly kind: 'switch' | 'value' | 'list'
  /** The value in help, e.g. `NAME[:TAG]`. */
  readonly placeholder?: string
  readonly choices?: readonly string[]
  /** The heading in help; default `Options`. */
  readonly group?: string
  readonly summary: string
}

/** A flag of docker buildx that tsbuild does not support. It is refused as unsupported instead of as unknown. */
export interface RefusedFlag {
  readonly name: string
  readonly short?: string
  readonly kind: 'switch' | 'value'
  /** Values that are accepted, because they request the behaviour that tsbuild has. */
  readonly harmless?: readonly string[]
  readonly hint?: string
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** The usage, without the leading `tsbuild `. */
  readonly usage: string
  /** Paragraphs for the help of the command. */
  readonly description?: readonly string[]
  /** The names of positional arguments in messages, and how many there may be. */
  readonly positionals: { readonly name: string; readonly min: number; readonly max: number }
  readonly flags: readonly FlagSpec[]
  readonly refused?: readonly RefusedFlag[]
  readonly examples: readonly { readonly command: string; readonly does: string }[]
  readonly load: () => Promise<{ readonly run: Run }>
}

/** Runs a command. Resolves to the exit code. */
export type Run = (args: Args, terminal: Terminal) => Promise<number>

/** The parsed arguments of a command. */
export interface Args {
  readonly positionals: readonly string[]
  on(flag: string): boolean
  value(flag: string): string | undefined
  list(flag: string): readonly string[]
}

/** The flags that every command has. */
export const COMMON_FLAGS: readonly FlagSpec[] = [
  {
    name: 'store',
    kind: 'value',
    placeholder: 'DIR',
    group: 'Common',
    summary: "The directory for images and cache (default: $TSBUILD_HOME, else the user's cache directory)",
  },
  { name: 'debug', kind: 'switch', short: 'D', group: 'Common', summary: 'Print stack traces and causes of errors' },
  { name: 'help', kind: 'switch', short: 'h', group: 'Common', summary: 'Show this help' },
]
