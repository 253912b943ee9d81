import type { Edit } from '../../parser/index.ts'
import type { Word } from '../../parser/types.ts'
import { findSource } from '../facts/context-files.ts'
import type { LintContext, LintFile } from '../lint-options.ts'
import type { Rule } from '../rule.ts'
import type { CopyStep } from '../step.ts'

export const addInsteadOfCopy: Rule = {
  name: 'AddInsteadOfCopy',
  description: 'files of the context that are no archives are copied with COPY',
  own: 'opinion',
  checks: {
    stage({ steps, context }, report) {
      if (!context) return
      for (const step of steps) {
        if (step.kind !== 'copy' || step.instruction.kind !== 'ADD' || !isPlain(step, context)) continue
        const { keyword } = step.instruction
        const message = 'This ADD does what COPY does: what it takes is neither a URL nor an archive'
        report(message, { span: keyword.span, at: step.site, fix: rename(keyword) })
      }
    },
  },
}

function isPlain({ instruction, sources }: CopyStep, context: LintContext): boolean {
  const own = ['chown', 'chmod', 'link', 'exclude']
  if (instruction.flags.some(({ name }) => !own.includes(name)) || sources.length === 0) return false
  return sources.every(({ path }) => {
    if (/^[a-z]+:\/\/|^[\w.-]+@[\w.-]+:/i.test(path)) return false
    const files = findSource(context, path)
    return files.length > 0 && files.every((file) => isNoArchive(file, context))
  })
}

/** ADD unpacks what is a tar archive by its content, packed or not. Directories are copied as they are. */
function isNoArchive({ path, type }: LintFile, context: LintContext): boolean {
  if (type === 'directory') return true
  if (type !== 'file') return false
  const start = context.read(path)?.slice(0, 600) ?? '\0'
  // Every form of archive has bytes at its beginning that no text has.
  return !/[\0-\x08\x0e-\x1a\x1c-\x1f\ufffd]/.test(start)
}

const rename = ({ value, span }: Word): readonly Edit[] => [
  { span, text: value === value.toLowerCase() ? 'copy' : 'COPY' },
]
