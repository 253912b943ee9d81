import type { Heredoc } from './types.ts'

/** The body of a heredoc, for `<<-` without tabs at the start of lines. Variables are not expanded. */
export function heredocText({ content, chomp }: Pick<Heredoc, 'content' | 'chomp'>): string {
  return chomp ? content.replace(/(^|\n)\t+/g, '$1') : content
}
