// The summary of a build for the page of a CI job, as Markdown.
import { formatSize } from '../../base/format-size.ts'
import type { BuildEvent, BuildResult } from '../../index.ts'
import { formatDuration } from '../terminal/format-quantity.ts'
import { shortName } from '../terminal/short-names.ts'
import { printable } from '../terminal/text-width.ts'
import type { Annotation } from '../terminal/workflow.ts'
import { codeBlock } from './code-block.ts'

type Event<Type extends BuildEvent['type']> = Extract<BuildEvent, { readonly type: Type }>

/** The warnings of a build, and the reasons why steps were not cached. */
export interface SummaryEvents {
  add(event: BuildEvent): void
  /** Lines: the name of a step, and the reason. */
  missed(): readonly string[]
  warnings(): readonly Annotation[]
}

export function summaryEvents(): SummaryEvents {
  const names = new Map<string, string>()
  const missed: Event<'missed'>[] = []
  const warnings: Event<'warning'>[] = []
  return {
    add: (event) => {
      if (event.type === 'plan') for (const { id, name } of event.steps) names.set(id, name)
      if (event.type === 'missed') missed.push(event)
      if (event.type === 'warning') warnings.push(event)
    },
    missed: () => missed.map(({ step, reason }) => `${printable(names.get(step) ?? step)}\n    ${printable(reason)}`),
    warnings: () =>
      warnings.map(({ code, message, text }) => {
        // The text begins with the place, if there is one.
        const [, file, line, column] = /^(.+?):(\d+):(\d+): /.exec(text) ?? []
        const place = file === undefined ? {} : { file, line: Number(line), column: Number(column) }
        return { kind: 'warning', title: code, message, ...place }
      }),
  }
}

/** The image, its digest and size, the steps, and why some of them were not cached. */
export function jobSummary(result: BuildResult, elapsed: number, missed: readonly string[]): string {
  const { steps, digest, images, outputs } = result
  const pushed = outputs.flatMap(({ type, destination }) => (type === 'registry' ? destination.split(', ') : []))
  const names = [...new Set([...result.names.map(shortName), ...pushed])]
  const size = images.reduce(
    (sum, { image }) => sum + image.layers.reduce((all, { descriptor }) => all + descriptor.size, 0),
    0,
  )
  const rows = [
    ...names.map((name) => ['name', `\`${name}\``]),
    ['digest', `\`${digest}\``],
    ['contents', formatSize(size)],
    ['steps', `${steps.total}, ${steps.cached === steps.total ? 'all' : steps.cached} cached`],
    ['time', formatDuration(elapsed)],
  ]
  const table = ['| build | |', '|---|---|', ...rows.map(([label, value]) => `| ${label} | ${value} |`)].join('\n')
  if (missed.length === 0) return `${table}\n`
  return `${table}\n\n<details><summary>Why steps were not cached</summary>\n\n${codeBlock(missed.join('\n'))}\n</details>\n`
}
