import type { Rule } from '../rule.ts'

export const invalidDefinitionDescription: Rule = {
  name: 'InvalidDefinitionDescription',
  description: 'a comment right above a stage or an ARG starts with its name',
  experimental: true,
  checks: {
    definition({ instruction, names, comments }, report) {
      const [first] = names
      const comment = comments.at(-1)
      if (first === undefined || comment === undefined || names.includes(comment.split(' ', 1)[0] ?? '')) return
      const name = names.length > 1 ? '<arg_key>' : first
      const span = instruction.comments.at(-1)?.span ?? instruction.span
      report(`Comment for ${instruction.kind} should follow the format: \`# ${name} <description>\``, { span })
    },
  },
}
