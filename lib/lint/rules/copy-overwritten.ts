import { formatSize } from '../../base/format-size.ts'
import { baseName } from '../../base/paths.ts'
import { contextPath, findSource } from '../facts/context-files.ts'
import { resolvePath, shownPath } from '../facts/image-paths.ts'
import type { Rule } from '../rule.ts'
import type { Site } from '../site.ts'

export const copyOverwritten: Rule = {
  name: 'CopyOverwritten',
  description: 'no COPY writes a file that the next one writes again',
  own: 'certain',
  checks: {
    stage({ steps, context }, report) {
      if (!context) return
      const files = new Map<string, { readonly bytes: number; readonly site: Site; readonly source: string }>()
      for (const step of steps) {
        // A RUN may have used it.
        if (step.kind === 'run') files.clear()
        if (step.kind !== 'copy' || step.instruction.kind === 'ADD' || step.instruction.from) continue
        const { sources, destination, isDirectory, site } = step
        for (const { path: source } of sources) {
          const [file, ...more] = findSource(context, source)
          if (file?.type !== 'file' || more.length > 0 || step.instruction.parents) continue
          const intoDirectory = isDirectory || sources.length > 1
          // It may be a directory that is there already.
          if (!intoDirectory && baseName(destination) !== baseName(file.path)) continue
          const path = intoDirectory ? resolvePath(destination, baseName(file.path)) : destination
          const earlier = files.get(path)
          if (earlier && earlier.site !== site) {
            const message = `This COPY of ${JSON.stringify(earlier.source)} to ${shownPath(path)} is in vain: line ${site.line} writes the same file again, and its ${formatSize(earlier.bytes)} stay in the image`
            report(message, { at: earlier.site })
          }
          files.set(path, { bytes: file.size, site, source: contextPath(source) })
        }
      }
    },
  },
}
