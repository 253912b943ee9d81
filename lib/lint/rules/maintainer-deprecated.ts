import type { Edit } from '../../parser/index.ts'
import type { Maintainer } from '../../parser/types.ts'
import type { Rule } from '../rule.ts'

export const maintainerDeprecated: Rule = {
  name: 'MaintainerDeprecated',
  description: 'authors are named by a label: MAINTAINER is deprecated',
  checks: {
    instruction({ instruction, text }, report) {
      if (instruction.kind !== 'MAINTAINER') return
      report('Maintainer instruction is deprecated in favor of using label', { fix: labelInstead(instruction, text) })
    },
  },
}

/** The label of the OCI image spec, where the name means the same in quotes as it does without. */
function labelInstead({ keyword, name }: Maintainer, text: string): readonly Edit[] | undefined {
  if (text.slice(name.span.start, name.span.end) !== name.value) return undefined
  if (!/^\s+$/.test(text.slice(keyword.span.end, name.span.start)) || /["'\\`$\r\n]/.test(name.value)) return undefined
  const label = keyword.value === keyword.value.toLowerCase() ? 'label' : 'LABEL'
  const span = { start: keyword.span.start, end: name.span.end }
  return [{ span, text: `${label} org.opencontainers.image.authors="${name.value}"` }]
}
