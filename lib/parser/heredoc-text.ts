import type { Heredoc } from './types.ts'

/** A heredoc's body as a command or a file gets it: for `<<-` without tabs at the start of lines. Variables are still there. */
export function heredocText({ content, chomp }: Pick<Heredoc, 'content' | 'chomp'>): string {
  return chomp ? content.replace(/(^|\n)\t+/g, '$1') : content
}
