import type { Heredoc } from './types.ts'

/**
 * The body of a heredoc, for `<<-` without tabs at the start of lines. Variables are not expanded.
 *
 * @example
 * ```ts
 * import { heredocText, parse } from '@tsbuild/tsbuild/parser'
 *
 * const [, run] = parse('FROM scratch\nRUN <<-EOF\n\techo hi\nEOF\n').instructions
 * if (run?.kind === 'RUN') for (const heredoc of run.heredocs) console.log(heredocText(heredoc).trim()) // echo hi
 * ```
 */
export function heredocText({ content, chomp }: Pick<Heredoc, 'content' | 'chomp'>): string {
  return chomp ? content.replace(/(^|\n)\t+/g, '$1') : content
}
