import { expect, test } from 'vitest'
import { graphToJson, graphToMermaid } from '../../../lib/graph/print/print-graph.ts'
import { evaluate } from '../evaluate.ts'

const graph = await evaluate('FROM scratch AS build\nCOPY "a;b" /\nFROM scratch\nCOPY --from=build x /\nENV A=1\n')

test('as JSON it has stages, instructions and vertices', () => {
  expect(JSON.parse(JSON.stringify(graphToJson(graph)))).toEqual({
    platform: { os: 'linux', architecture: 'amd64' },
    target: 1,
    args: expect.objectContaining({ TARGETPLATFORM: 'linux/amd64', TARGETSTAGE: 'default' }),
    stages: [
      {
        index: 0,
        name: 'build',
        base: 'scratch',
        result: '0:1',
        instructions: [{ kind: 'COPY', line: 2, text: 'COPY "a;b" /', words: ['a;b', '/'], vertex: '0:1' }],
      },
      {
        index: 1,
        base: 'scratch',
        result: '1:1',
        instructions: [
          {
            kind: 'COPY',
            line: 4,
            text: 'COPY --from=build x /',
            words: ['--from=build', 'x', '/'],
            vertex: '1:1',
          },
          { kind: 'ENV', line: 5, text: 'ENV A=1', words: ['A=1'] },
        ],
      },
    ],
    vertices: [
      { id: 'scratch', name: 'scratch', kind: 'scratch', inputs: [] },
      { id: 'context:context', name: '[internal] load build context', kind: 'context', inputs: [] },
      {
        id: '0:1',
        name: '[build 1/1] COPY a;b /',
        kind: 'copy',
        inputs: ['scratch', 'context:context'],
        stage: 0,
        line: 2,
      },
      {
        id: '1:1',
        name: '[stage-1 1/1] COPY --from=build x /',
        kind: 'copy',
        inputs: ['scratch', '0:1'],
        stage: 1,
        line: 4,
      },
    ],
  })
})

test('as Mermaid, nothing in a name can end its label', () => {
  expect(graphToMermaid(graph)).toBe(
    [
      'flowchart TD',
      '  v0["scratch"]',
      '  v1["#91;internal#93; load build context"]',
      '  subgraph s0["build"]',
      '    v2["#91;build 1/1#93; COPY a#59;b /"]',
      '  end',
      '  subgraph s1["stage 1"]',
      '    v3["#91;stage-1 1/1#93; COPY --from=build x /"]',
      '  end',
      '  v0 --> v2',
      '  v1 -.-> v2',
      '  v0 --> v3',
      '  v2 -.-> v3',
      '  style v3 stroke-width:3px',
      '',
    ].join('\n'),
  )
})
