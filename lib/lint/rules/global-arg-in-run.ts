import { baseName } from '../../base/paths.ts'
import type { Rule } from '../rule.ts'

export const globalArgInRun: Rule = {
  name: 'GlobalArgInRun',
  description: 'a RUN that uses an ARG from before the first FROM comes after the same ARG in its stage',
  own: 'certain',
  checks: {
    script({ run, script, globalArgs, isDefined, unknownBase }, report) {
      if (globalArgs.size === 0 || readsOtherFiles(script)) return
      const assigned = assignedNames(script)
      for (const name of usedNames(script)) {
        const line = globalArgs.get(name)
        if (line === undefined || isDefined(name) || assigned.has(name)) continue
        // Images often define what an ARG chose them by: NODE_VERSION of node:$NODE_VERSION.
        if (unknownBase !== undefined && mayDefine(unknownBase, name)) continue
        const message = `$${name} is empty here: ARG ${name} (line ${line}) comes before FROM, and so isn't a variable of the stage; add "ARG ${name}" above this ${run.kind}`
        report(message)
      }
    },
  },
}

/** Variables that are replaced by nothing where they are unset: without a default, and outside of single quotes. */
function usedNames(script: string): ReadonlySet<string> {
  const names = new Set<string>()
  const pattern = /'[^']*'|"(?:\\.|[^"\\])*"|\\.|\$(\w+)|\$\{(\w+)[}%#/]/gs
  const scan = (text: string): void => {
    for (const [whole, plain, braced] of text.matchAll(pattern)) {
      if (whole.startsWith('"')) scanQuoted(whole)
      else if (plain ?? braced) names.add(plain ?? braced ?? '')
    }
  }
  const scanQuoted = (text: string): void => {
    for (const [, plain, braced] of text.matchAll(/\\.|\$(\w+)|\$\{(\w+)[}%#/]/gs)) {
      if (plain ?? braced) names.add(plain ?? braced ?? '')
    }
  }
  scan(script)
  return names
}

function assignedNames(script: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [, name = ''] of script.matchAll(/(?<![\w$])(\w+)(?:\[[^\]\n]*\])?\+?=/g)) names.add(name)
  for (const [, name = ''] of script.matchAll(/\bfor\s+(\w+)/g)) names.add(name)
  for (const [, list = ''] of script.matchAll(/\b(?:read|getopts|mapfile|readarray|printf -v)\s+([^\n;|&]*)/g)) {
    for (const name of list.split(/\s+/)) names.add(name)
  }
  return names
}

/** Other files and computed code can define any variable. */
const readsOtherFiles = (script: string): boolean => /(?:^|[\s;&|({])(?:\.|source|eval)\s/.test(script)

function mayDefine(base: string, name: string): boolean {
  const image = baseName(base.replace(/[:@].*$/, ''))
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
  const plain =
    /^(?:ALPINE|DEBIAN|UBUNTU|FEDORA|CENTOS|ROCKYLINUX|ALMALINUX|BUSYBOX|SCRATCH|ARCHLINUX|AMAZONLINUX|BUILDPACK_DEPS)$/.test(
      image,
    )
  // Only images of systems are known to define nothing but PATH.
  return !plain && (/_VERSION$|_HOME$|^JAVA|^GO|^PY/.test(name) || name.toUpperCase().includes(image))
}
