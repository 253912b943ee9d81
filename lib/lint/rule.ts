// A rule is a declaration, and checks of the events that reading and evaluating a Dockerfile emit.

import type { Span } from '../base/source.ts'
import type { Platform } from '../oci/types.ts'
import type { Edit } from '../parser/index.ts'
import type { Arg, From, Instruction, KeyValue, Run, Stage, Word } from '../parser/types.ts'
import type { LintContext, RuleSet } from './lint-options.ts'
import type { Site } from './site.ts'
import type { StageSteps } from './step.ts'

/**
 * The events, in BuildKit's order: those of reading, then those of the stages as a whole, then those of each
 * stage's evaluation.
 */
export interface Events {
  /** Empty lines inside an instruction. */
  readonly emptyLines: { readonly spans: readonly Span[]; readonly text: string }
  /** An instruction as written; it may still turn out to be wrong. */
  readonly instruction: { readonly instruction: Instruction; readonly text: string }
  /** FROM as written, in words: it may have too many. */
  readonly from: { readonly from: From; readonly words: readonly string[]; readonly text: string }
  /** An instruction that defines names, with the comments above it. */
  readonly definition: {
    readonly instruction: From | Arg
    readonly names: readonly string[]
    readonly comments: readonly string[]
  }
  /** A stage that has a name; `isTaken` when an earlier one has it too. */
  readonly stageName: { readonly stage: Stage; readonly name: string; readonly isTaken: boolean }
  /** A keyword, with the case that most of the file's keywords have. */
  readonly keyword: { readonly keyword: Word; readonly majority: 'lowercase' | 'uppercase' }
  /** A base name as it is when no build arg is given. */
  readonly defaultBase: { readonly from: From; readonly name: string }
  /** Variables in FROM's base or platform. */
  readonly fromVariables: {
    readonly word: Word
    readonly unset: readonly string[]
    readonly declared: readonly string[]
  }
  /** FROM's platform, expanded. */
  readonly platform: {
    readonly from: From
    readonly word: Word
    readonly value: string
    /** Undefined where the value is not a platform. */
    readonly platform: Platform | undefined
    readonly used: readonly string[]
    readonly unset: readonly string[]
    readonly targetPlatform: string
  }
  /** A base image whose platform is known. */
  readonly base: { readonly name: string; readonly expected: Platform; readonly actual: Platform }
  /** A word of an instruction that was expanded: the variables that no one has defined, and those that there are. */
  readonly word: { readonly word: Word; readonly unset: readonly string[]; readonly known: readonly string[] }
  /** A pair of ENV or LABEL. */
  readonly pair: { readonly keyword: Word; readonly pair: KeyValue; readonly text: string }
  /** A variable that ARG or ENV defines. */
  readonly variable: { readonly instruction: 'ARG' | 'ENV'; readonly name: string; readonly word: Word }
  /** A shell form of CMD or ENTRYPOINT that the default shell runs. */
  readonly defaultShell: { readonly keyword: Word }
  /** An instruction that a later one of the same stage makes void. */
  readonly overridden: { readonly keyword: Word }
  /** A path of WORKDIR, expanded. */
  readonly workdir: {
    readonly path: string
    readonly word: Word
    readonly isAbsolute: boolean
    readonly isFirst: boolean
  }
  /** A port of EXPOSE, expanded: `[host:]port/protocol`. */
  readonly port: { readonly text: string; readonly host: string; readonly protocol: string; readonly word: Word }
  /** A path that COPY or ADD takes from the build context; `isIgnored` by the ignore file. */
  readonly source: {
    readonly instruction: 'COPY' | 'ADD'
    readonly path: string
    readonly word: Word
    readonly isIgnored: boolean
  }
  /** A name in a check directive's `skip` or `experimental`. */
  readonly checkName: { readonly name: string; readonly span: Span; readonly key: 'skip' | 'experimental' }
  /**
   * A stage that the last one doesn't need, when no target was chosen; `isNamed` when one can choose it by its
   * name.
   */
  readonly unneeded: { readonly stage: Stage; readonly isNamed: boolean }
  /**
   * A shell script of RUN. `isDefined` answers for variables at that point, apart from those of a base image that
   * isn't known.
   */
  readonly script: {
    readonly run: Run
    readonly script: string
    readonly globalArgs: ReadonlyMap<string, number>
    readonly isDefined: (name: string) => boolean
    /** The base image when what it defines isn't known. */
    readonly unknownBase: string | undefined
  }
  /** A stage as a whole, evaluated. */
  readonly stage: StageSteps & {
    readonly context: LintContext | undefined
    readonly hasIgnoreFile: boolean
    readonly text: string
  }
}

/** Where in the instruction, and what repairs it. Without a span it is the whole instruction. */
export interface ReportDetails {
  readonly span?: Span
  readonly fix?: readonly Edit[] | undefined
  /** The instruction to report at, and its check directive, when it isn't where the event took place. */
  readonly at?: Site
}

export type Report = (message: string, details?: ReportDetails) => void

export type Checks = { readonly [Kind in keyof Events]?: (event: Events[Kind], report: Report) => void }

export interface Rule {
  /** BuildKit's own name for a rule of BuildKit: `# check=skip=NAME` must mean the same everywhere. */
  readonly name: string
  /** One line, for lists of rules. */
  readonly description: string
  /** Off unless `# check=experimental=NAME` asks for it. */
  readonly experimental?: true
  /** A rule of tsbuild, and the set it belongs to; absent for BuildKit's. */
  readonly own?: Exclude<RuleSet, 'docker'>
  readonly checks: Checks
}
