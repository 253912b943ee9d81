export interface BenchOptions {
  /** The number of runs of each contender. */
  readonly runs: number
  /** The directory for inputs, which are kept between benchmarks. */
  readonly directory: string
}
