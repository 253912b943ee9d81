export interface BenchOptions {
  /** How often each contender runs. */
  readonly runs: number
  /** Where inputs are kept from one time to the next. */
  readonly directory: string
}
