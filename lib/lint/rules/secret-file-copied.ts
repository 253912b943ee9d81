import { count } from '../../base/count.ts'
import { baseName } from '../../base/paths.ts'
import { contextPath, findSource, walkFiles } from '../facts/context-files.ts'
import { secretFile } from '../facts/secret-file-names.ts'
import type { LintContext, LintFile } from '../lint-options.ts'
import type { ReportDetails, Rule } from '../rule.ts'
import type { CopyStep } from '../step.ts'

export const secretFileCopied: Rule = {
  name: 'SecretFileCopied',
  description: 'files with passwords and private keys are not copied into the image',
  own: 'certain',
  checks: {
    stage({ steps, isShipped, context }, report) {
      // The files of a stage that is only copied from aren't part of the image.
      if (!isShipped) return
      for (const step of steps) {
        if (step.kind !== 'copy' || (step.instruction.kind === 'COPY' && step.instruction.from)) continue
        for (const { word, path } of step.sources) {
          const details = { span: word.span, at: step.site }
          if (context) checkFiles(context, step, path, (message) => report(message, details))
          else checkName(path, (message) => report(message, details))
        }
      }
    },
  },
}

const ADVICE =
  'everyone who can pull the image can read it, even if a later step removes it: use RUN --mount=type=secret'

type Say = (message: string, details?: ReportDetails) => void

/** Where the context isn't known the name has to do. */
function checkName(path: string, say: Say): void {
  const file = secretFile(path)
  if (file?.isCertainByName) say(`${JSON.stringify(path)} (${file.what}) becomes part of a layer: ${ADVICE}`)
}

function checkFiles(context: LintContext, { instruction }: CopyStep, source: string, say: Say): void {
  const found: { readonly path: string; readonly why: string }[] = []
  const look = (file: LintFile): void => {
    const kind = file.type === 'file' && file.size > 0 ? secretFile(file.path) : undefined
    if (!kind) return
    const why = kind.evidence ? kind.evidence(context.read(file.path) ?? '') : kind.what
    if (why !== undefined) found.push({ path: file.path, why })
  }
  for (const file of findSource(context, contextPath(source))) {
    if (file.type !== 'directory') look(file)
    // A directory is not searched if parts of it are excluded.
    else if (instruction.exclude.length === 0) walkFiles(context, file.path, look, ({ path }) => !isForeign(path))
  }
  const [first, ...more] = found
  if (!first) return
  const others = more.length === 0 ? '' : ` (and ${count(more.length, 'more file')} like it)`
  say(`${JSON.stringify(first.path)}${others} becomes part of a layer, and ${first.why}: ${ADVICE}`)
}

/** Directories of published packages, and of keys for tests. */
const isForeign = (path: string): boolean =>
  /^(?:node_modules|\.git|\.venv|venv|vendor|site-packages|tests?|__tests__|testdata|fixtures?|specs?|examples?|docs?)$/.test(
    baseName(path),
  )
