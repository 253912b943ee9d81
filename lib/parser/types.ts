// The typed tree of a Dockerfile. Every node has a span in the source text.
import type { Diagnostic } from '../base/errors.ts'
import type { SourceFile, Span } from '../base/source.ts'

export type EscapeCharacter = '\\' | '`'

/**
 * A word of an instruction. `value` is the text without line continuations and the comments between them, but
 * with quotes, escapes and variables. In JSON forms it is the decoded string.
 */
export interface Word {
  readonly value: string
  readonly span: Span
}

/** A flag before the arguments of an instruction: `--name=value` or `--name`. */
export interface Flag {
  readonly name: string
  /** Undefined if there is no `=`. */
  readonly value: string | undefined
  readonly span: Span
  readonly valueSpan: Span | undefined
}

export interface Heredoc {
  readonly name: string
  /** The file descriptor of `3<<EOF`; 0 if there is none. */
  readonly fileDescriptor: number
  /** False if the delimiter is quoted, so that the body is literal. */
  readonly expand: boolean
  /** True for `<<-`: leading tabs are removed. */
  readonly chomp: boolean
  /** The body as written, with its tabs and its last line ending. */
  readonly content: string
  readonly span: Span
  readonly contentSpan: Span
}

/** A parser directive: `# name=value` at the top of the file. */
export interface Directive {
  readonly name: 'syntax' | 'escape' | 'check'
  readonly value: string
  readonly span: Span
  readonly valueSpan: Span
}

export interface Comment {
  /** The text without the `#` and the white space around it. */
  readonly text: string
  readonly span: Span
}

/** The fields that all instructions share. */
export interface InstructionBase {
  /** The keyword as written. */
  readonly keyword: Word
  readonly flags: readonly Flag[]
  readonly heredocs: readonly Heredoc[]
  /** From the keyword to the end of the instruction, with heredocs, without the last line ending. */
  readonly span: Span
  /** Line numbers, from 1. `endLine` is the last line, with continuations and heredocs. */
  readonly startLine: number
  readonly endLine: number
  /** The instruction on one logical line, as BuildKit reports it. */
  readonly original: string
  /** The comment lines directly above, in order. */
  readonly comments: readonly Comment[]
  /** Empty lines between continuation lines, which are deprecated. */
  readonly emptyLines: readonly Span[]
}

/** A command in shell form (one string for the shell) or in exec form (a JSON array of arguments). */
export type CommandLine =
  | { readonly form: 'shell'; readonly command: Word }
  | { readonly form: 'exec'; readonly args: readonly Word[]; readonly span: Span }

export interface KeyValue {
  readonly key: Word
  readonly value: Word
  /** A space for the old form `ENV key value`, else `=`. */
  readonly separator: '=' | ' '
}

export interface From extends InstructionBase {
  readonly kind: 'FROM'
  readonly image: Word
  readonly platform: Word | undefined
  /** The name after AS, as written. */
  readonly name: Word | undefined
}
export interface Arg extends InstructionBase {
  readonly kind: 'ARG'
  readonly args: readonly { readonly name: Word; readonly defaultValue: Word | undefined }[]
}
export interface Env extends InstructionBase {
  readonly kind: 'ENV'
  readonly pairs: readonly KeyValue[]
}
export interface Label extends InstructionBase {
  readonly kind: 'LABEL'
  readonly pairs: readonly KeyValue[]
}
export interface Run extends InstructionBase {
  readonly kind: 'RUN'
  readonly command: CommandLine
  readonly mounts: readonly Mount[]
  readonly network: 'default' | 'none' | 'host' | undefined
  readonly security: 'sandbox' | 'insecure' | undefined
  readonly devices: readonly Word[]
}
export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh'
/** One `--mount`. The values of its options may hold variables; `resolveMount` expands and checks them. */
export interface Mount {
  /** Undefined if the type holds a variable or is unknown. */
  readonly type: MountType | undefined
  /** The options in order, with `type`. */
  readonly options: readonly MountOption[]
  readonly span: Span
}
/** An option of a mount: `key` or `key=value`. */
export interface MountOption {
  /**
   * The canonical key in lower case: `src`→`source`, `dst`/`destination`→`target`, `ro`→`readonly`,
   * `rw`→`readwrite`.
   */
  readonly key: string
  readonly value: string | undefined
  /** Undefined if there is no value, or if quotes or escapes make its offsets uncertain. */
  readonly valueSpan: Span | undefined
}
/** A source of COPY or ADD: a path, URL or pattern, or an inline file (heredoc). */
export type CopySource =
  | { readonly kind: 'path'; readonly path: Word }
  | { readonly kind: 'heredoc'; readonly heredoc: Heredoc }
interface CopyBase extends InstructionBase {
  readonly sources: readonly CopySource[]
  readonly destination: Word
  readonly chown: Word | undefined
  readonly chmod: Word | undefined
  readonly link: boolean
  readonly exclude: readonly Word[]
}
export interface Copy extends CopyBase {
  readonly kind: 'COPY'
  readonly from: Word | undefined
  readonly parents: boolean
}
export interface Add extends CopyBase {
  readonly kind: 'ADD'
  readonly checksum: Word | undefined
  /** Undefined if the flag is not given. */
  readonly keepGitDir: boolean | undefined
  readonly unpack: boolean | undefined
}
export interface Cmd extends InstructionBase {
  readonly kind: 'CMD'
  readonly command: CommandLine
}
export interface Entrypoint extends InstructionBase {
  readonly kind: 'ENTRYPOINT'
  readonly command: CommandLine
}
export interface Shell extends InstructionBase {
  readonly kind: 'SHELL'
  readonly args: readonly Word[]
}
export interface Healthcheck extends InstructionBase {
  readonly kind: 'HEALTHCHECK'
  /** Undefined for `HEALTHCHECK NONE`. */
  readonly command: CommandLine | undefined
  /** Durations in nanoseconds; 0 if not given. */
  readonly interval: number
  readonly timeout: number
  readonly startPeriod: number
  readonly startInterval: number
  readonly retries: number
}
export interface Expose extends InstructionBase {
  readonly kind: 'EXPOSE'
  readonly ports: readonly Word[]
}
export interface Volume extends InstructionBase {
  readonly kind: 'VOLUME'
  readonly paths: readonly Word[]
}
export interface User extends InstructionBase {
  readonly kind: 'USER'
  readonly user: Word
}
export interface Workdir extends InstructionBase {
  readonly kind: 'WORKDIR'
  readonly path: Word
}
export interface StopSignal extends InstructionBase {
  readonly kind: 'STOPSIGNAL'
  readonly signal: Word
}
export interface Maintainer extends InstructionBase {
  readonly kind: 'MAINTAINER'
  readonly name: Word
}
export interface OnBuild extends InstructionBase {
  readonly kind: 'ONBUILD'
  /** The text of the trigger, as in the image config. */
  readonly expression: string
  /** Undefined if the trigger is invalid, which fails builds on top of the image, but not this one. */
  readonly trigger: Instruction | undefined
}

export type Instruction =
  | From
  | Arg
  | Env
  | Label
  | Run
  | Copy
  | Add
  | Cmd
  | Entrypoint
  | Shell
  | Healthcheck
  | Expose
  | Volume
  | User
  | Workdir
  | StopSignal
  | Maintainer
  | OnBuild

export interface Stage {
  readonly index: number
  readonly from: From
  /** The name in lower case, if the stage has one. */
  readonly name: string | undefined
  readonly instructions: readonly Exclude<Instruction, From>[]
  readonly span: Span
}

/** The result of {@link parse}: always a tree, with all errors and warnings in `diagnostics`. */
export interface Dockerfile {
  readonly file: SourceFile
  readonly escape: EscapeCharacter
  readonly directives: readonly Directive[]
  /** All comment lines, including those between continuation lines. Directives are not comments. */
  readonly comments: readonly Comment[]
  /** All valid instructions in order, including FROM and global ARG. */
  readonly instructions: readonly Instruction[]
  /** ARG instructions before the first FROM. */
  readonly globalArgs: readonly Arg[]
  readonly stages: readonly Stage[]
  readonly diagnostics: readonly Diagnostic[]
}
