// The instruction graph: what a build will do, as plain data.

import type { Diagnostic } from '../base/errors.ts'
import type { GitUrl } from '../base/git-url.ts'
import type { Span } from '../base/source.ts'
import type { ContainerConfig, Descriptor, Digest, ImageConfig, Platform } from '../oci/types.ts'
import type { ResolvedMount } from '../parser/index.ts'
import type { Dockerfile } from '../parser/types.ts'

/** A base image after its name was resolved. */
export interface ResolvedImage {
  /** The name as a person would write it. */
  readonly name: string
  readonly descriptor: Descriptor
  readonly config: ImageConfig
}

/** A source of a copy: a path or pattern in an input's tree, inline bytes, or something remote. */
export type CopyInput =
  | { readonly kind: 'path'; readonly path: string; readonly span: Span }
  | { readonly kind: 'inline'; readonly name: string; readonly text: string; readonly span: Span }
  | RemoteInput

/** A source of ADD that is not in the build context. */
export type RemoteInput =
  /** A download; `name` is what it is called in a directory. */
  | {
      readonly kind: 'url'
      readonly url: string
      readonly name: string
      readonly checksum: Digest | undefined
      readonly unpack: boolean
      readonly span: Span
    }
  | { readonly kind: 'git'; readonly url: GitUrl; readonly keepGitDir: boolean; readonly span: Span }

/** The operation of one vertex on the filesystem. Plain data that gets hashed: spans decide nothing. */
export type Op =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'image'; readonly image: ResolvedImage }
  /** `name` is `context` for the build context, else a named context. */
  | { readonly kind: 'context'; readonly name: string }
  | CopyOp
  | { readonly kind: 'workdir'; readonly path: string; readonly user: string }
  | RunOp

export interface CopyOp {
  readonly kind: 'copy'
  readonly instruction: 'COPY' | 'ADD'
  readonly sources: readonly CopyInput[]
  /** Absolute and clean; ends in `/` when the instruction's did (or was `.`). */
  readonly destination: string
  readonly chown: string | undefined
  readonly chmod: string | undefined
  readonly link: boolean
  readonly parents: boolean
  readonly exclude: readonly string[]
  /** ADD: whether local archives are unpacked (default true); undefined for COPY. */
  readonly unpack: boolean | undefined
}

export interface RunOp {
  readonly kind: 'run'
  readonly args: readonly string[]
  /** A heredoc with a `#!` line, which `args` names as `/dev/pipes/NAME`. */
  readonly script: { readonly name: string; readonly text: string } | undefined
  /** The platform of its programs: the base image's, or else the stage's. */
  readonly platform: Platform
  /** `NAME=value`, build args in scope included. */
  readonly env: readonly string[]
  readonly workdir: string
  readonly user: string
  readonly mounts: readonly ResolvedMount[]
  /**
   * The proxy variables among the build args: the command sees them without an ARG, the history and the image
   * never do.
   */
  readonly proxy: Readonly<Record<string, string>>
  readonly network: string | undefined
  readonly security: string | undefined
  /** Whether devices are asked for. No back-end supports them. */
  readonly devices: boolean
}

/** One step. `inputs` are ids: for copy, [the filesystem it changes, the tree it copies
 * from, if any]; for workdir, [the filesystem]; for run, [the filesystem, then what its mounts take from
 * elsewhere]. */
export interface Vertex {
  readonly id: string
  /** As progress shows it, e.g. `[build 2/5] COPY . /src`. */
  readonly name: string
  readonly op: Op
  readonly inputs: readonly string[]
  /** Index of the stage it belongs to; undefined for sources that no stage owns. */
  readonly stage: number | undefined
  readonly span: Span | undefined
}

/**
 * The variables, user and working directory at a point of a stage. Instructions that change none share the
 * object.
 */
export interface Scope {
  /** ENV and ARG values, in order of first appearance. */
  readonly env: ReadonlyMap<string, string>
  readonly user: string
  readonly workdir: string
}

/** A build arg; its value is undefined when it has neither a default nor was given. */
export interface VariableValue {
  readonly name: string
  readonly value: string | undefined
}

/** An instruction as evaluation left it: words expanded, variables known. */
export interface EvaluatedInstruction {
  readonly kind: string
  /** The instruction on one line, as written. */
  readonly text: string
  /** From 1; for an ONBUILD trigger that of the FROM that fires it. */
  readonly line: number
  /** Whether it is an ONBUILD trigger of the base. */
  readonly onBuild: boolean
  /** Flags and arguments after expansion, in order; pairs are `name=value`, commands what gets executed. */
  readonly words: readonly string[]
  /** The names that an ARG declares, with their values in this build. */
  readonly args: readonly VariableValue[]
  /** Variables that its words refer to and that are set, sorted. The variables of a RUN's shell are not known. */
  readonly used: readonly string[]
  /** Variables that its words refer to and that are not set, sorted. */
  readonly unset: readonly string[]
  /** The scope that the instructions before it made. */
  readonly scope: Scope
  /** The vertex of an instruction that changes the filesystem. */
  readonly vertex: string | undefined
}

/** A history entry before it is known when things were made; `vertex` is set when it has a layer. */
export interface PlannedHistory {
  readonly created_by: string
  readonly comment: string | undefined
  readonly vertex: string | undefined
  readonly empty: boolean
}

export interface GraphStage {
  readonly index: number
  readonly name: string | undefined
  readonly platform: Platform
  readonly base:
    | { readonly kind: 'scratch' }
    | { readonly kind: 'stage'; readonly index: number }
    | { readonly kind: 'image'; readonly image: ResolvedImage }
  readonly instructions: readonly EvaluatedInstruction[]
  /** The scope after the last instruction: the one that a RUN in a stage on top of it would see. */
  readonly scope: Scope
  /** The vertex that holds the stage's final filesystem. */
  readonly result: string
  readonly config: ContainerConfig
  /** The platform in the image config. It differs from `platform` where the base image is for another one. */
  readonly imagePlatform: Platform
  readonly author: string | undefined
  /** History of everything above the base image, parent stages included. */
  readonly history: readonly PlannedHistory[]
  /** The base image under all parent stages, undefined for scratch. */
  readonly baseImage: ResolvedImage | undefined
}

export interface Graph {
  readonly dockerfile: Dockerfile
  readonly platform: Platform
  readonly buildPlatform: Platform
  /** The variables of FROM: platform args and the ARGs before the first FROM, with their values. */
  readonly globalArgs: ReadonlyMap<string, string>
  /** Reachable from the target, in Dockerfile order. */
  readonly stages: readonly GraphStage[]
  readonly target: GraphStage
  /** Reachable from the target, inputs before users. */
  readonly vertices: readonly Vertex[]
  /** Warnings found while evaluating. */
  readonly diagnostics: readonly Diagnostic[]
}
