import { onlyInstalls } from '../facts/dependency-install.ts'
import { enumerate } from '../facts/quantities.ts'
import type { Rule } from '../rule.ts'
import type { Step } from '../step.ts'

const MOST_ARGS = 20

export const argSpoilsCache: Rule = {
  name: 'ArgSpoilsCache',
  description: 'an ARG that differs in every build is declared after the steps that do not use it',
  own: 'certain',
  checks: {
    stage({ steps, text }, report) {
      let args = 0
      for (const [index, step] of steps.entries()) {
        if (step.kind !== 'other' || step.instruction.kind !== 'ARG') continue
        for (const { name: word, defaultValue } of step.instruction.args) {
          if (!isVolatile(word.value) || isPinned(defaultValue?.value) || ++args > MOST_ARGS) continue
          const later = steps.slice(index + 1)
          const first = later.findIndex((other) => mentions(other, word.value, text))
          const unused = first === -1 ? later : later.slice(0, first)
          const victims = unused.flatMap((other) => {
            const [install] = other.kind === 'run' ? onlyInstalls(other) : []
            return install ? `\`${install.name}\` (line ${other.site.line})` : []
          })
          if (victims.length === 0) continue
          const user = later[first]
          const advice = user
            ? `declare it right before line ${user.site.line}, which uses it`
            : 'nothing in the stage uses it'
          const who = `${enumerate(victims)} ${victims.length === 1 ? 'has' : 'have'}`
          const message = `ARG ${word.value} comes too early: ${who} it in the environment without using it, and ${victims.length === 1 ? 'runs' : 'run'} again with every new value; ${advice}`
          report(message, { span: word.span, at: step.site })
        }
      }
    },
  },
}

/** Names of what is another one for every commit or every build. */
const isVolatile = (name: string): boolean =>
  /^(?:BUILD_(?:DATE|TIME|TIMESTAMP|NUMBER|ID|SHA|REV|REVISION|COMMIT)|VCS_REF|VCS_REVISION|(?:GIT|SOURCE|CI)_(?:COMMIT|SHA|REV|REVISION|HASH)(?:_SHA|_HASH)?|(?:GIT_)?COMMIT_?(?:SHA|HASH|ID|REF)|GITHUB_(?:SHA|RUN_ID|RUN_NUMBER)|CI_PIPELINE_ID|REVISION)$/.test(
    name,
  )

/** A value of its own says that the name is one of something to fetch. */
const isPinned = (value: string | undefined): boolean =>
  value !== undefined &&
  !/^["']?(?:|unknown|none|dev|development|local|n\/?a|unset|null|0|undefined|unspecified)["']?$/i.test(value)

function mentions({ instruction }: Step, name: string, text: string): boolean {
  return text.slice(instruction.span.start, instruction.span.end).includes(name)
}
