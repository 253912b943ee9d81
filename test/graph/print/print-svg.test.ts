import { describe, expect, test } from 'vitest'
import { layoutBoxes } from '../../../lib/graph/print/layout-boxes.ts'
import { graphToDot } from '../../../lib/graph/print/print-dot.ts'
import { graphToSvg } from '../../../lib/graph/print/print-svg.ts'
import { stageBoxes } from '../../../lib/graph/print/stage-boxes.ts'
import { evaluate } from '../evaluate.ts'

const graph = await evaluate(
  `FROM golang AS base
FROM scratch AS tools
COPY tool /
FROM base AS build
COPY . /src
RUN --mount=from=tools,target=/t make
FROM scratch AS unneeded
COPY x /
FROM scratch AS app
COPY --from=build /src/a /src/b /
COPY --from=tools / /
ENV A="<&>\u0001" B="${'long '.repeat(20)}"
`,
  { images: { golang: {} } },
)

describe('boxes', () => {
  const drawing = stageBoxes(graph)
  const names = drawing.boxes.map(({ title }) => title)

  test('there is one for every stage that the target needs', () => {
    expect(drawing.boxes.map(({ title, base, isTarget }) => [title, base, isTarget])).toEqual([
      ['base', 'golang', false],
      ['tools', 'scratch', false],
      ['build', 'base', false],
      ['app', 'scratch', true],
    ])
  })

  test('arrows lead from stages to those that stand on them or take files from them', () => {
    expect(drawing.edges.map(({ from, to, row }) => `${names[from]} → ${names[to]} ${row}`)).toEqual([
      'base → build -1',
      'tools → build 1',
      'build → app 0',
      'tools → app 1',
    ])
  })

  test('boxes do not overlap, and arrows lead to the right, around what is between', () => {
    const { boxes, edges, width, height } = layoutBoxes(drawing, () => 100)
    for (const [at, a] of boxes.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true)
      for (const b of boxes.slice(at + 1)) {
        const apart = a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y
        expect(apart).toBe(true)
      }
    }
    expect(edges.map(({ points }) => points.length)).toEqual([2, 2, 2, 4])
    for (const { points } of edges) {
      expect(points.map(({ x }) => x)).toEqual(points.map(({ x }) => x).toSorted((a, b) => a - b))
    }
  })

  test('ten thousand instructions and hundreds of stages have their places', async () => {
    const stages = Array.from(
      { length: 300 },
      (_, n) => `FROM ${n === 0 ? 'scratch' : `s${n - 1}`} AS s${n}\nUSER ${n}\n`,
    )
    const long = await evaluate(stages.join('') + 'USER x\n'.repeat(10_000))
    expect(graphToSvg(long).match(/class="stage/g)).toHaveLength(300)
  })
})

describe('SVG', () => {
  const svg = graphToSvg(graph)

  test('text cannot break out of it', () => {
    expect(svg).toContain('&#60;&#38;&#62;\uFFFD&#34;')
    expect(svg).not.toMatch(/&(?!#\d+;)/)
  })

  test('long text is cut, with the whole of it in a tooltip', () => {
    expect(svg).toMatch(/long lo[^<]*…<\/text>/)
    expect(svg).toContain(`${'long '.repeat(19)}long`)
  })

  test('the target is marked, what it does not need is absent', () => {
    expect(svg.match(/class="stage target"/g)).toHaveLength(1)
    expect(svg).not.toContain('unneeded')
  })

  test('it is the same each time', () => {
    expect(graphToSvg(graph)).toBe(svg)
  })
})

test('DOT has clusters, and quotes what could end a label', async () => {
  expect(graphToDot(await evaluate('FROM scratch AS a\nCOPY "x\\"y" /\nFROM scratch\nCOPY --from=a x /\n'))).toBe(
    `digraph build {
  node [shape=box, style=rounded, fontname="monospace"];
  v0 [label="scratch"];
  v1 [label="[internal] load build context"];
  subgraph cluster_0 {
    label="a";
    v2 [label="[a 1/1] COPY x\\"y /"];
  }
  subgraph cluster_1 {
    label="stage 1";
    v3 [label="[stage-1 1/1] COPY --from=a x /", penwidth=3];
  }
  v0 -> v2;
  v1 -> v2 [style=dashed];
  v0 -> v3;
  v2 -> v3 [style=dashed];
}
`,
  )
})
