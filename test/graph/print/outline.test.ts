import { describe, expect, test } from 'vitest'
import { listTargets } from '../../../lib/graph/print/list-targets.ts'
import { outline } from '../../../lib/graph/print/outline.ts'
import { formatOutline, formatTargets, outlineToJson, targetsToJson } from '../../../lib/graph/print/print-outline.ts'
import { parse } from '../../../lib/parser/index.ts'
import { evaluate } from '../evaluate.ts'

const text = `# GO is the version of Go
ARG GO=1.22
ARG IMAGE=golang:$GO
ARG UNUSED=x
# build compiles
FROM $IMAGE AS Build
# MODE says what to compile
ARG MODE=release
ARG GO TARGETOS EMPTY
RUN --mount=type=secret,id=token,required=true --mount=type=ssh \\
  make
RUN --mount=type=secret,target=/run/.npmrc --mount=type=ssh,id=deploy,required=true make more

# other is not needed
FROM scratch AS other
ARG OTHER

# app is what runs
FROM --platform=linux/amd64 scratch AS app
ARG MODE=debug
COPY --from=build /x /
`
const images = { 'golang:1.22': {}, 'golang:2': {} }

describe('targets', () => {
  const dockerfile = parse(text)

  test('every stage is listed, with the comment that begins with its name, and nothing expanded', () => {
    expect(listTargets(dockerfile)).toMatchObject([
      { name: 'build', default: false, description: 'compiles', base: '$IMAGE', platform: undefined },
      { name: 'other', description: 'is not needed', base: 'scratch' },
      { name: 'app', default: true, description: 'is what runs', platform: 'linux/amd64', startLine: 19 },
    ])
  })

  test('they are printed as a table', () => {
    expect(formatTargets(dockerfile)).toBe(
      'TARGET        DESCRIPTION\nbuild         compiles\nother         is not needed\napp (default) is what runs\n',
    )
    expect(formatTargets(parse('FROM a\nFROM b\n'))).toBe('TARGET    DESCRIPTION\n          \n(default) \n')
  })

  test('JSON has the places in the source', () => {
    expect(targetsToJson(parse('FROM a \\\n AS é\n'))).toEqual({
      targets: [
        {
          name: 'é',
          default: true,
          base: 'a',
          location: {
            ranges: [
              { start: { line: 1 }, end: { line: 1 } },
              { start: { line: 2 }, end: { line: 2 } },
            ],
          },
        },
      ],
      sources: [Buffer.from('FROM a \\\n AS é\n').toString('base64')],
    })
  })
})

describe('outline', () => {
  test('it has the build args, secrets and SSH agents of the target and of the stages that it needs', async () => {
    const found = outline(await evaluate(text, { images }))
    expect(found).toMatchObject({ name: 'app', description: 'is what runs' })
    expect(found.args.map(({ name, value, description, startLine }) => [name, value, description, startLine])).toEqual([
      ['GO', '1.22', 'is the version of Go', 2],
      ['IMAGE', 'golang:1.22', undefined, 3],
      ['EMPTY', '', undefined, 9],
      ['MODE', 'debug', undefined, 20],
    ])
    expect(found.secrets).toEqual([
      { name: 'token', required: true, startLine: 10, endLine: 11 },
      { name: '.npmrc', required: false, startLine: 12, endLine: 12 },
    ])
    expect(found.ssh).toMatchObject([
      { name: 'default', required: false },
      { name: 'deploy', required: true },
    ])
  })

  test('values that are given replace defaults, and what those refer to', async () => {
    const buildArgs = { IMAGE: 'golang:2', MODE: 'fast' }
    const found = outline(await evaluate(text, { images, buildArgs, target: 'build' }), buildArgs)
    expect(found.args.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'GO=1.22',
      'IMAGE=golang:2',
      'MODE=fast',
      'EMPTY=',
    ])
    const unnamed = await evaluate('ARG A=1\nARG B=$A\nFROM $B\n', { images: { x: {} }, buildArgs: { B: 'x' } })
    expect(outline(unnamed, { B: 'x' }).args.map(({ name }) => name)).toEqual(['B'])
  })

  test('it is printed as tables', async () => {
    const found = outline(await evaluate(text, { images }))
    expect(formatOutline(found)).toBe(`TARGET:      app
DESCRIPTION: is what runs

BUILD ARG   VALUE         DESCRIPTION
GO          1.22          is the version of Go
IMAGE       golang:1.22   ${''}
EMPTY                     ${''}
MODE        debug         ${''}

SECRET   REQUIRED
token    true
.npmrc   ${''}

SSH       REQUIRED
default   ${''}
deploy    true

`)
    expect(formatOutline(outline(await evaluate('FROM scratch\n')))).toBe('')
  })

  test('JSON leaves out what is empty', async () => {
    const graph = await evaluate('FROM scratch\nARG A\nRUN --mount=type=ssh x\n')
    const json: unknown = JSON.parse(JSON.stringify(outlineToJson(outline(graph), graph.dockerfile)))
    expect(json).toEqual({
      args: [{ name: 'A', location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] } }],
      ssh: [{ name: 'default', location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] } }],
      sources: [expect.any(String)],
    })
  })
})
