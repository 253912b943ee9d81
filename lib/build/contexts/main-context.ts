import type { SourceFile } from '../../base/source.ts'
import type { IgnoreMatcher } from '../../context/ignore/ignore-matcher.ts'
import type { OpenedContext } from '../../executor/session.ts'

/** The main build context and the Dockerfile. */
export interface MainContext extends OpenedContext {
  readonly dockerfile: SourceFile
  /**
   * Undefined if there is no ignore file. Like BuildKit, a build ignores nothing in a context that is
   * downloaded or streamed.
   */
  readonly ignore: IgnoreMatcher | undefined
  /** The time of the context in seconds since 1970, for `SOURCE_DATE_EPOCH=context`; undefined if it is unknown. */
  readonly time: () => Promise<number | undefined>
}
