import { count } from '../../base/count.ts'
import { formatSize } from '../../base/format-size.ts'
import { amountOf, contextPath } from '../facts/context-files.ts'
import { type DependencyInstall, installsOf, isHarmless } from '../facts/dependency-install.ts'
import { isWithin } from '../facts/image-paths.ts'
import { enumerate } from '../facts/quantities.ts'
import type { LintContext } from '../lint-options.ts'
import type { Rule } from '../rule.ts'
import type { CopyStep, RunStep } from '../step.ts'

export const copySpoilsCache: Rule = {
  name: 'CopySpoilsCache',
  description:
    'dependencies are installed before the whole context is copied, so that a change of the code does not install them again',
  own: 'certain',
  checks: {
    stage({ steps, context }, report) {
      const before = new Set<string>()
      let early: CopyStep | undefined
      const late: { readonly install: DependencyInstall; readonly line: number }[] = []
      for (const step of steps) {
        if (step.kind === 'copy' && !early && takesAll(step)) early = step
        if (step.kind !== 'run' || step.script === '') {
          if (step.kind === 'run' && early) break
          continue
        }
        const installs = installsOf(step)
        // A command in between may make a file that the install needs.
        if (early && installs.length === 0 && !step.commands.every(isHarmless)) break
        for (const install of installs) {
          if (!early) before.add(family(install))
          else if (!before.has(family(install)) && needsOnlyManifests(install, { step, early, context })) {
            late.push({ install, line: step.site.line })
          }
        }
      }
      if (!early || late.length === 0) return
      const commands = late.map(({ install, line }) => `\`${install.name}\` (line ${line})`)
      const manifests = [...new Set(late.flatMap(({ install }) => presentManifests(install, context)))]
      const amount = context && amountOf(context, '')
      const change = amount
        ? `any change in ${count(amount.files, 'file')} (${formatSize(amount.bytes)})`
        : 'a change of any file'
      const need = `${late.length === 1 ? 'needs' : 'need'} ${manifests.length === 0 ? 'none of them' : `only ${enumerate(manifests)}`}`
      const message = `This ${early.instruction.kind} of the whole context comes too early: ${change} runs ${enumerate(commands)} again, which ${need}`
      report(message, { at: early.site })
    },
  },
}

const takesAll = ({ instruction, sources }: CopyStep): boolean =>
  !(instruction.kind === 'COPY' && instruction.from) &&
  instruction.exclude.length === 0 &&
  sources.some(({ path }) => contextPath(path) === '' || path === '*')

const family = ({ name }: DependencyInstall): string => name.split(' ', 1)[0] ?? ''

interface Place {
  readonly step: RunStep
  readonly early: CopyStep
  readonly context: LintContext | undefined
}

/** Whether the manifests are there to be copied on their own, and nothing in them asks for more. */
function needsOnlyManifests(install: DependencyInstall, { step, early, context }: Place): boolean {
  const { manifests } = install
  if (manifests.length === 0) return true
  if (!isWithin(step.workdir, early.destination) || step.workdir !== early.destination) return false
  if (!context) return true
  const [main = ''] = manifests
  const content = context.read(contextPath(main))
  return content !== undefined && !asksForMore(main, content)
}

/** Scripts of an install, workspaces, and dependencies that are directories. */
function asksForMore(manifest: string, content: string): boolean {
  if (manifest === 'package.json') {
    return /"(?:pre|post)?install"\s*:|"prepare"\s*:|"workspaces"\s*:|"(?:file|link|workspace|portal):/.test(content)
  }
  if (manifest === 'go.mod') return /=>\s*\.{1,2}\//.test(content)
  if (manifest === 'Gemfile') return /\bpath:|^\s*gemspec\b|=> *['"]\.|\beval_gemfile\b|File\.read/m.test(content)
  if (manifest === 'mix.exs') return /\bpath:|import_config/.test(content)
  if (manifest === 'pom.xml') return /<modules>|<parent>/.test(content)
  if (/\.txt$/.test(manifest)) return /^\s*(?:-[erc]\b|--(?:editable|requirement|constraint)|[./])/m.test(content)
  return /path\s*=|"path"/.test(content)
}

function presentManifests({ manifests }: DependencyInstall, context: LintContext | undefined): readonly string[] {
  return context ? manifests.filter((path) => context.lookup(contextPath(path))) : manifests
}
