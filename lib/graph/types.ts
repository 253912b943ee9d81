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

/** What ADD takes from elsewhere. */
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

/** What one vertex does to the filesystem. Plain data: this is what gets hashed, so no spans decide anything. */
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
  /** What its programs are for: the base image's platform, or else the stage's. */
  readonly platform: Platform
  /** `NAME=value`, build args in scope included. */
  readonly env: readonly string[]
  readonly workdir: string
  readonly user: string
  readonly mounts: readonly ResolvedMount[]
  /** The proxy variables among the build args: the command sees them without an ARG, the history and the image never do. */
  readonly proxy: Readonly<Record<string, string>>
  readonly network: string | undefined
  readonly security: string | undefined
  /** Whether devices are asked for, which nothing here can give. */
  readonly devices: boolean
}

/** One step. `inputs` are ids: for copy, [the filesystem it changes, the tree it copies
 * from, if any]; for workdir, [the filesystem]; for run, [the filesystem, then what its mounts take from elsewhere]. */
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

/** What is in force at a point of a stage. Instructions that change nothing share it. */
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
  /** What an ARG declares, with the values that it has in this build. */
  readonly args: readonly VariableValue[]
  /** Variables that its words refer to and that are set, sorted. What a shell expands when RUN runs is not known. */
  readonly used: readonly string[]
  /** Those that are not set. */
  readonly unset: readonly string[]
  /** What it sees, from the instructions before it. */
  readonly scope: Scope
  /** The vertex that carries it out, for instructions that change the filesystem. */
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
  /** What is in force after the last instruction: what RUN in a stage on top of it would see. */
  readonly scope: Scope
  /** The vertex that holds the stage's final filesystem. */
  readonly result: string
  readonly config: ContainerConfig
  /** What the image config will say; differs from `platform` where a base image is of another one. */
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
  /** What FROM can refer to: platform args and the ARGs before the first FROM, with their values. */
  readonly globalArgs: ReadonlyMap<string, string>
  /** Reachable from the target, in Dockerfile order. */
  readonly stages: readonly GraphStage[]
  readonly target: GraphStage
  /** Reachable from the target, inputs before users. */
  readonly vertices: readonly Vertex[]
  /** Warnings found while evaluating. */
  readonly diagnostics: readonly Diagnostic[]
}
