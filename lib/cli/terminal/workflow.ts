// A step of a CI job, as far as it shows more than a log.

/** A message at a line of a file, or about the whole job. */
export interface Annotation {
  readonly kind: 'error' | 'warning'
  /** e.g. an error code. */
  readonly title: string
  readonly message: string
  /** A path, relative to the working directory. */
  readonly file?: string | undefined
  /** Counted from 1. */
  readonly line?: number | undefined
  readonly column?: number | undefined
}

export interface Workflow {
  /** Keeps an annotation for the end. */
  annotate(annotation: Annotation): void
  /** Adds Markdown to the summary of the job. */
  summarize(markdown: string): void
  /** Writes the annotations, after everything else. */
  close(): void
}
