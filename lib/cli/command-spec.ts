// What a command is: data that parsing and help are made from, and a handler that is loaded when it is called.
import type { Terminal } from './terminal/terminal.ts'

export interface FlagSpec {
  /** Long name, without dashes. */
  readonly name: string
  readonly short?: string
  /** `switch`: a boolean. `value`: the last one given counts. `list`: each one given counts. */
  readonly kind: 'switch' | 'value' | 'list'
  /** What help shows for the value, e.g. `NAME[:TAG]`. */
  readonly placeholder?: string
  readonly choices?: readonly string[]
  /** The heading in help; default `Options`. */
  readonly group?: string
  readonly summary: string
}

/** A flag that docker buildx has and tsbuild doesn't (yet): refused by name rather than unknown. */
export interface RefusedFlag {
  readonly name: string
  readonly short?: string
  readonly kind: 'switch' | 'value'
  /** Values that ask for what happens anyway, and so are accepted. */
  readonly harmless?: readonly string[]
  readonly hint?: string
}

export interface CommandSpec {
  readonly name: string
  readonly summary: string
  /** After `tsbuild `. */
  readonly usage: string
  /** Paragraphs for the command's own help. */
  readonly description?: readonly string[]
  /** What positional arguments are called in messages, and how many there may be. */
  readonly positionals: { readonly name: string; readonly min: number; readonly max: number }
  readonly flags: readonly FlagSpec[]
  readonly refused?: readonly RefusedFlag[]
  readonly examples: readonly { readonly command: string; readonly does: string }[]
  readonly load: () => Promise<{ readonly run: Run }>
}

/** Carries a command out; resolves to the exit code. */
export type Run = (args: Args, terminal: Terminal) => Promise<number>

/** A command line, read. */
export interface Args {
  readonly positionals: readonly string[]
  on(flag: string): boolean
  value(flag: string): string | undefined
  list(flag: string): readonly string[]
}

/** Flags that every command takes. */
export const COMMON_FLAGS: readonly FlagSpec[] = [
  {
    name: 'store',
    kind: 'value',
    placeholder: 'DIR',
    group: 'Common',
    summary: "Directory of images and cache (default: $TSBUILD_HOME, else the user's cache directory)",
  },
  { name: 'debug', kind: 'switch', short: 'D', group: 'Common', summary: 'Show stacks and causes with errors' },
  { name: 'help', kind: 'switch', short: 'h', group: 'Common', summary: 'Show this help' },
]
