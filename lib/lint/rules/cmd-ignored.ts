import type { CommandLine, Word } from '../../parser/types.ts'
import type { Rule } from '../rule.ts'
import type { Site } from '../site.ts'

export const cmdIgnored: Rule = {
  name: 'CmdIgnored',
  description: 'no CMD stands beside an ENTRYPOINT in shell form, which takes no arguments',
  own: 'certain',
  checks: {
    stage({ steps }, report) {
      let entrypoint: { readonly command: CommandLine; readonly keyword: Word; readonly site: Site } | undefined
      let cmd: { readonly site: Site; readonly keyword: Word } | undefined
      for (const { kind, instruction, site } of steps) {
        if (kind !== 'other') continue
        if (instruction.kind === 'ENTRYPOINT') entrypoint = { ...instruction, site }
        if (instruction.kind === 'CMD') cmd = { ...instruction, site }
      }
      if (!cmd || entrypoint?.command.form !== 'shell') return
      // The shell's own arguments: `sh -c 'SCRIPT' CMD…` has them.
      if (/\$(?:[@*0-9]|\{[@*0-9])/.test(entrypoint.command.command.value)) return
      const message = `This CMD is never used: ENTRYPOINT (line ${entrypoint.site.line}) in shell form takes no arguments; write it as a JSON array`
      report(message, { span: cmd.keyword.span, at: cmd.site })
    },
  },
}
