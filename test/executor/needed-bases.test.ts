import { expect, test } from 'vitest'
import { type BaseNeed, neededBases } from '../../lib/executor/needed-bases.ts'
import { createGraph } from '../../lib/graph/create-graph.ts'
import { joinGraphs } from '../../lib/graph/join-graphs.ts'
import type { ResolvedName } from '../../lib/graph/resolved-name.ts'
import { sha256 } from '../../lib/oci/digest.ts'
import { parse } from '../../lib/parser/index.ts'

const platform = { os: 'linux', architecture: 'amd64' }

const resolve = async (name: string): Promise<ResolvedName> => ({
  kind: 'image',
  image: {
    name,
    descriptor: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: sha256(name),
      size: 1,
    },
    config: { ...platform, rootfs: { type: 'layers', diff_ids: [] } },
  },
})

async function needs(text: string, ofResults: BaseNeed): Promise<Record<string, string>> {
  const graph = await createGraph(parse(text), { buildPlatform: platform, resolve })
  const needed = neededBases(joinGraphs([graph], { isIndex: false }), ofResults)
  return Object.fromEntries(
    graph.vertices.flatMap(({ id, op }) => (op.kind === 'image' ? [[op.image.name, needed.get(id) ?? 'unset']] : [])),
  )
}

test.each<[string, Record<string, string>]>([
  ['FROM a\nENV A=1', { a: 'nothing' }],
  ['FROM a\nCOPY --link x /', { a: 'nothing' }],
  ['FROM a\nCOPY --link --chmod=644 x /', { a: 'index' }],
  ['FROM a\nCOPY x /', { a: 'index' }],
  ['FROM a\nCOPY --chown=1:2 x /', { a: 'index' }],
  ['FROM a\nCOPY --chown=www x /', { a: 'files' }],
  ['FROM a\nCOPY --chown=root:7 x /', { a: 'index' }],
  ['FROM a\nCOPY --chown=1:www x /', { a: 'files' }],
  ['FROM a\nCOPY --link --chown=1000:1000 x /', { a: 'nothing' }],
  ['FROM a\nCOPY --link --chown=root x /', { a: 'nothing' }],
  ['FROM a\nCOPY --link --chmod=644 --chown=www x /', { a: 'files' }],
  ['FROM a\nWORKDIR /x', { a: 'index' }],
  ['FROM a\nUSER 1:2\nWORKDIR /x', { a: 'index' }],
  ['FROM a\nUSER www\nWORKDIR /x', { a: 'files' }],
  ['FROM a\nCOPY --link x /\nCOPY y /', { a: 'index' }],
  ['FROM a\nCOPY x /\nCOPY --link y /', { a: 'index' }],
  ['FROM a\nRUN x', { a: 'all' }],
  ['FROM a\nCOPY x /\nRUN x', { a: 'all' }],
  ['FROM b\nRUN --mount=from=a,target=/a x', { b: 'all', a: 'all' }],
  ['FROM a AS s\nCOPY x /\nFROM b\nCOPY --link --from=s /x /', { a: 'files', b: 'nothing' }],
  ['FROM b\nCOPY --link --from=a /x /', { b: 'nothing', a: 'files' }],
])('%j needs %j', async (text, expected) => {
  expect(await needs(text, 'nothing')).toEqual(expected)
})

test('where the result is wanted whole, so is its base, and no other', async () => {
  expect(await needs('FROM a AS s\nFROM b\nENV A=1', 'files')).toEqual({ b: 'files' })
  expect(await needs('FROM a AS s\nFROM b\nENV A=1', 'all')).toEqual({ b: 'all' })
  expect(await needs('FROM a AS s\nENV X=1\nFROM s\nCOPY --link x /', 'files')).toEqual({ a: 'files' })
})
