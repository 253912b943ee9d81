import { count } from '../base/count.ts'
import { formatSize } from '../base/format-size.ts'
import type { BuildResult } from '../index.ts'
import { formatDuration } from './terminal/format-quantity.ts'
import { painter } from './terminal/paint.ts'
import { shortName } from './terminal/short-names.ts'
import { printable } from './terminal/text-width.ts'

/** The summary of a build, printed below its progress. */
export function summaryLines(
  result: BuildResult,
  view: { readonly elapsed: number; readonly color: boolean; readonly unicode: boolean },
): string[] {
  const paint = painter(view.color)
  const { steps } = result
  const cached = steps.cached === 0 ? '' : steps.cached === steps.total ? ', all cached' : `, ${steps.cached} cached`
  const rows: (readonly [string, string])[] = [
    ...result.names.map((name) => ['name', shortName(name)] as const),
    ...imageRows(result),
    ['steps', `${steps.total}${cached}`],
    ...sandboxRow(result),
    ...result.outputs
      .filter((output) => output.type !== 'store' || result.names.length === 0)
      .map((output) => {
        if (output.type === 'store') return ['kept in', `${output.destination} (use -t to name it)`] as const
        if (output.type === 'registry')
          return ['pushed', `${output.destination} (${formatSize(output.size ?? 0)} sent)`] as const
        const target = output.destination === '-' ? 'standard output' : output.destination
        const bytes = output.size === undefined ? '' : `, ${formatSize(output.size)}`
        return ['wrote', `${target} (${output.type}${bytes})`] as const
      }),
  ]
  const labels = rows.map(([label], i) => (rows[i - 1]?.[0] === label ? '' : label))
  const done = `${view.unicode ? '✔ ' : ''}built in ${formatDuration(view.elapsed)}`
  return [
    paint(['bold', 'green'], done),
    ...rows.map(([, value], i) => `  ${paint('dim', (labels[i] ?? '').padEnd(8))}  ${printable(value)}`),
  ]
}

function imageRows({ images, index, digest, imageID }: BuildResult): (readonly [string, string])[] {
  const contents = images.map(({ image, platform }) => {
    const size = image.layers.reduce((sum, layer) => sum + layer.descriptor.size, 0)
    const name = [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/')
    return `${formatSize(size)} in ${count(image.layers.length, 'layer')}, ${name}`
  })
  // An index has no image ID of its own.
  return [
    ...(index ? [] : [['image id', imageID] as const]),
    [index ? 'index' : 'digest', digest],
    ...contents.map((line) => ['contents', line] as const),
  ]
}

function sandboxRow({ sandbox }: BuildResult): (readonly [string, string])[] {
  if (!sandbox) return []
  const { isolation, program, overlay } = sandbox
  return [['ran in', `${isolation} (${program}${overlay ? ', overlayfs' : ', one directory'})`]]
}
