import type { Expanded } from '../../parser/index.ts'
import type { From, Word } from '../../parser/types.ts'
import type { LinkedStage } from '../linked-stage.ts'
import type { KnownName } from '../resolved-name.ts'
import type { Expansions } from './expand.ts'
import type { PortSpec } from './exposed-ports.ts'
import type { StageCommand } from './stage-command.ts'
import type { StageState } from './stage-state.ts'

/**
 * Receives the events of an evaluation, in BuildKit's order: each FROM, then the base images, then the
 * instructions of each stage. The linter is an observer: it finds its warnings while the graph is made.
 */
export interface GraphObserver {
  /** The base name or the platform of a FROM was expanded. */
  fromWord(event: FromWord): void
  /** The base of a stage was found. */
  base(stage: LinkedStage, base: KnownName): void
  /**
   * These stages will be evaluated, in this order. Those that the target does without are among them only in a
   * check of all stages.
   */
  planned(stages: readonly LinkedStage[], needed: ReadonlySet<number>): void
  /** A stage begins. Its state changes with every instruction. */
  stage(stage: LinkedStage, state: StageState): StageObserver
}

export interface FromWord {
  readonly from: From
  /** One of the words of `from`. */
  readonly word: Word
  /** Its value may still be invalid. */
  readonly expansion: Expanded<string>
  /** The variables that FROM can refer to, with their values. */
  readonly globalArgs: ReadonlyMap<string, string>
}

export interface StageObserver {
  instruction(command: StageCommand): InstructionObserver
  end(): void
}

export interface InstructionObserver {
  /** A word was expanded to one string. The words of EXPOSE, which can become several, are not reported. */
  word(word: Word, expansion: Expanded<string>): void
  /** ARG declares a name. */
  argument(name: Word): void
  /** A port of EXPOSE has a valid form. Its numbers may still be invalid. */
  port(port: PortSpec, word: Word): void
  /** COPY or ADD takes a path, which is neither a URL nor a repository. */
  source(path: string, word: Word): void
  /** The instruction was evaluated without an error. */
  end(expansions: Expansions): void
}
