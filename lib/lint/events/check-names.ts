import type { Span } from '../../base/source.ts'
import { withComments } from '../check-options.ts'
import type { LintRun } from '../lint-run.ts'
import { type Site, siteOf } from '../site.ts'
import { commentTexts } from './instruction-text.ts'

/** Emits the names in check directives, at the top of the file and above instructions. */
export function checkNames(run: LintRun): void {
  if (!run.hasOwnRules) return
  const { dockerfile, check } = run
  const { text } = dockerfile.file
  for (const { name, span, valueSpan } of dockerfile.directives) {
    if (name !== 'check') continue
    const line = text.slice(0, span.start).split('\n').length
    emitNames(run, valueSpan, { line, span, isWritten: true, check })
  }
  for (const instruction of dockerfile.instructions) {
    const comments = commentTexts(instruction, text)
    instruction.comments.forEach(({ span }, index) => {
      if (!/^check\s*=/i.test(comments[index] ?? '')) return
      const value = /=\s*\S*/.exec(text.slice(span.start, span.end))
      if (!value) return
      const start = span.start + value.index + 1
      emitNames(run, { start, end: start + value[0].length - 1 }, siteOf(instruction, withComments(check, comments)))
    })
  }
}

function emitNames({ dockerfile, emit }: LintRun, value: Span, site: Site): void {
  const written = dockerfile.file.text.slice(value.start, value.end)
  for (const list of written.matchAll(/(?:^|;)\s*(skip|experimental)\s*=([^;]*)/g)) {
    const [whole, key, names = ''] = list
    const first = value.start + list.index + whole.length - names.length
    for (const { 0: name, index } of names.matchAll(/[^\s,]+/g)) {
      const span = { start: first + index, end: first + index + name.length }
      emit('checkName', { name, span, key: key === 'skip' ? 'skip' : 'experimental' }, site)
    }
  }
}
