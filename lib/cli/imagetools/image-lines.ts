import { formatPlatform, type RemoteImage } from '../../index.ts'
import { printable } from '../terminal/text-width.ts'

/** An image as docker buildx prints it: name, type, digest, and the entries of an index. */
export function imageLines({ name, descriptor, content, nameOf }: RemoteImage): readonly string[] {
  const own = fields([
    ['Name', name],
    ['MediaType', descriptor.mediaType],
    ['Digest', descriptor.digest],
  ])
  if (content.kind === 'manifest') return own
  const entries = content.index.manifests.flatMap((entry, i) => {
    const { platform, urls, annotations } = entry
    const version = platform?.['os.version']
    const features = platform?.['os.features']
    const lines = fields([
      ['Name', nameOf(entry.digest)],
      ['MediaType', entry.mediaType],
      ...pair('Platform', platform && formatPlatform(platform)),
      ...pair('OSVersion', version),
      ...pair('OSFeatures', features?.join(', ')),
      ...pair('ArtifactType', entry.artifactType),
      ...pair('URLs', urls?.join(', ')),
    ])
    const notes = Object.entries(annotations ?? {})
    const all = [...lines, ...(notes.length > 0 ? ['Annotations:', ...indented(fields(notes))] : [])]
    return [...(i === 0 ? [] : ['']), ...indented(all)]
  })
  return [...own, '', 'Manifests:', ...entries]
}

const pair = (key: string, value: string | undefined): (readonly [string, string])[] =>
  value === undefined || value === '' ? [] : [[key, value]]

function fields(pairs: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...pairs.map(([key]) => printable(key).length)) + 2
  return pairs.map(([key, value]) => `${`${printable(key)}:`.padEnd(width)}${printable(value)}`)
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)
