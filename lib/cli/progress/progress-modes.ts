/** The values of `--progress`, and of the variable BUILDKIT_PROGRESS. */
export const PROGRESS_MODES: readonly string[] = ['auto', 'plain', 'tty', 'rawjson', 'quiet', 'none']
