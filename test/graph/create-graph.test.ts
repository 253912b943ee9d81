import { expect, test } from 'vitest'
import type { TsbuildError } from '../../lib/base/errors.ts'
import { positionAt } from '../../lib/base/source.ts'
import type { Graph } from '../../lib/graph/types.ts'
import { graphErrors } from './error-cases.ts'
import { evaluate, evaluateAll } from './evaluate.ts'

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const stageNames = (graph: Graph): (string | undefined)[] => graph.stages.map((stage) => stage.name)
const stepNames = (graph: Graph): string[] => graph.vertices.map((vertex) => vertex.name)
const history = (graph: Graph): string[] => graph.target.history.map((entry) => entry.created_by)

test('stages that the target does not need are left out, with their images', async () => {
  const graph = await evaluate(
    'FROM missing AS unused\nFROM scratch AS base\nFROM scratch AS other\nFROM base AS final\nCOPY --from=other x /\n',
  )
  expect(stageNames(graph)).toEqual(['base', 'other', 'final'])
})

test('--target takes a stage by name in any casing', async () => {
  const text = 'FROM scratch AS One\nLABEL a=1\nFROM scratch AS two\n'
  const graph = await evaluate(text, { target: 'oNE' })
  expect(graph.target).toMatchObject({ name: 'one', config: { Labels: { a: '1' } } })
})

test('--label adds to the labels of the target only', async () => {
  const graph = await evaluate('FROM scratch AS base\nLABEL a=1\nFROM base\nLABEL b=2\n', {
    labels: { b: '3', c: '4' },
  })
  expect(graph.target.config.Labels).toEqual({ a: '1', b: '3', c: '4' })
})

test('a stage built on a stage has its config, environment and history', async () => {
  const graph = await evaluate('FROM scratch AS base\nENV A=1\nWORKDIR /app\nCMD ["x"]\nFROM base\nENV B=$A\n')
  expect(graph.target.config).toMatchObject({ Env: [PATH, 'A=1', 'B=1'], WorkingDir: '/app', Cmd: ['x'] })
  expect(history(graph)).toEqual(['ENV A=1', 'WORKDIR /app', 'CMD ["x"]', 'ENV B=1'])
})

test('variables on one ENV line see the values from before it', async () => {
  const graph = await evaluate('FROM scratch\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n')
  expect(graph.target.config.Env).toEqual([PATH, 'abc=bye', 'def=hello', 'ghi=bye'])
})

test.each([
  ['ENV beats an ARG before it', 'ARG X=arg\nENV X=env\nLABEL x=$X', 'env'],
  ['an ARG after an ENV overrides it', 'ENV X=env\nARG X=arg\nLABEL x=$X', 'arg'],
  ['an ARG takes the global one’s value', 'ARG G\nLABEL x=$G', 'global'],
  ['an ARG’s own default beats the global one', 'ARG G=own\nLABEL x=$G', 'own'],
  ['--build-arg beats every default', 'ARG GIVEN=own\nLABEL x=$GIVEN', 'given'],
  ['a --build-arg that no ARG declares is not seen', 'LABEL x=$GIVEN', ''],
  ['a global ARG is not seen without an ARG of the stage', 'LABEL x=$G', ''],
  ['platform args are there to take', 'ARG TARGETPLATFORM\nLABEL x=$TARGETPLATFORM', 'linux/amd64'],
  ['platform args have to be taken', 'LABEL x=$TARGETPLATFORM', ''],
  ['an ARG can use one before it', 'ARG A=1\nARG B=${A}2\nLABEL x=$B', '12'],
])('%s', async (_, body, expected) => {
  const graph = await evaluate(`ARG G=global\nFROM scratch\n${body}\n`, { buildArgs: { GIVEN: 'given' } })
  expect(graph.target.config.Labels).toEqual({ x: expected })
})

test('an ARG that is called like a property of objects has no value by that', async () => {
  const graph = await evaluate('ARG toString\nFROM scratch\nARG constructor toString\n')
  expect(history(graph)).toEqual(['ARG constructor toString'])
})

test('an ARG that controls BuildKit is in the history, and no variable', async () => {
  const graph = await evaluate('FROM scratch\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x\n')
  const run = graph.vertices.find((vertex) => vertex.op.kind === 'run')
  expect(run?.op).toMatchObject({ env: [PATH] })
  expect(history(graph).at(-1)).toBe('RUN |1 BUILDKIT_SBOM_SCAN_STAGE=true /bin/sh -c x # buildkit')
})

test('FROM takes global ARGs, and --build-arg over them', async () => {
  const images = { one: { Labels: { n: '1' } }, two: { Labels: { n: '2' } } }
  const text = 'ARG BASE=one\nFROM $BASE\n'
  expect((await evaluate(text, { images })).target.config.Labels).toEqual({ n: '1' })
  expect((await evaluate(text, { images, buildArgs: { BASE: 'two' } })).target.config.Labels).toEqual({ n: '2' })
})

test('ENTRYPOINT clears a CMD that was inherited, not one of the same stage', async () => {
  const images = { base: { Cmd: ['old'] } }
  expect((await evaluate('FROM base\nENTRYPOINT ["e"]\n', { images })).target.config).not.toHaveProperty('Cmd')
  expect((await evaluate('FROM base\nCMD ["c"]\nENTRYPOINT ["e"]\n', { images })).target.config.Cmd).toEqual(['c'])
})

test('shell forms run in the shell in force', async () => {
  const graph = await evaluate('FROM scratch\nCMD echo one\nSHELL ["/bin/bash", "-c"]\nENTRYPOINT echo two\n')
  expect(graph.target.config).toMatchObject({
    Cmd: ['/bin/sh', '-c', 'echo one'],
    Entrypoint: ['/bin/bash', '-c', 'echo two'],
  })
})

test('history says what BuildKit would say', async () => {
  const graph = await evaluate(
    [
      'FROM scratch',
      'ARG A=1 B',
      'COPY --chown=1:2 --chmod=640 --link a b /c/',
      'ADD x.tar /y',
      'COPY <<EOF /z',
      'text',
      'EOF',
      'WORKDIR /',
      'EXPOSE 80 53/udp',
      'VOLUME /a /b',
      'HEALTHCHECK --interval=1m30s --retries=3 CMD curl localhost',
      'STOPSIGNAL SIGINT',
      'USER $A',
      'SHELL ["/bin/bash", "-c"]',
      'MAINTAINER me',
      'ONBUILD RUN true',
    ].join('\n'),
  )
  expect(history(graph)).toEqual([
    'ARG A=1 B',
    'COPY --chown=1:2 --chmod=640 a b /c/ # buildkit',
    'ADD x.tar /y # buildkit',
    'COPY <<EOF /z # buildkit',
    'WORKDIR /',
    'EXPOSE [53/udp 80/tcp]',
    'VOLUME [/a /b]',
    'HEALTHCHECK {Test:[CMD-SHELL curl localhost] Interval:1m30s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}',
    'STOPSIGNAL SIGINT',
    'USER 1',
    'SHELL [/bin/bash -c]',
    'MAINTAINER me',
  ])
  expect(graph.target.config.OnBuild).toEqual(['RUN true'])
  expect(graph.target.author).toBe('me')
})

test('a RUN is in the graph with what it would run', async () => {
  const graph = await evaluate('FROM scratch\nARG V=1\nENV E=2\nUSER app\nRUN echo $V\n')
  const run = graph.vertices.find((vertex) => vertex.op.kind === 'run')
  expect(run?.op).toMatchObject({ args: ['/bin/sh', '-c', 'echo $V'], user: 'app', workdir: '/' })
  expect(history(graph).at(-1)).toBe('RUN |1 V=1 /bin/sh -c echo $V # buildkit')
})

test('a RUN gets the proxy variables of the build args without an ARG, and the history does not show them', async () => {
  const buildArgs = { HTTP_PROXY: 'http://proxy:1', no_proxy: 'localhost', OTHER: 'x' }
  const graph = await evaluate('FROM scratch\nRUN true\n', { buildArgs })
  const run = graph.vertices.find((vertex) => vertex.op.kind === 'run')
  expect(run?.op).toMatchObject({
    proxy: { HTTP_PROXY: 'http://proxy:1', no_proxy: 'localhost' },
    env: [expect.stringMatching(/^PATH=/)],
  })
  expect(history(graph)).toEqual(['RUN /bin/sh -c true # buildkit'])
})

test('the body of a heredoc is expanded, unless its delimiter is quoted', async () => {
  const graph = await evaluate('FROM scratch\nARG A=1\nCOPY <<one <<"two" /\n$A "q"\none\n$A\ntwo\n')
  const copy = graph.vertices.find((vertex) => vertex.op.kind === 'copy')
  expect(copy?.op).toMatchObject({
    sources: [
      { name: 'one', text: '1 "q"\n' },
      { name: 'two', text: '$A\n' },
    ],
  })
})

test('steps are named as BuildKit names them', async () => {
  const images = { base: {} }
  const graph = await evaluate(
    'FROM base AS build\ncopy a /\nENV X=1\nWORKDIR /x\nFROM scratch\nCOPY --from=build /a /b$X\n',
    { images },
  )
  expect(stepNames(graph).filter((name) => /^\[[^i]/.test(name))).toEqual([
    '[build 1/3] FROM base',
    '[build 2/3] COPY a /',
    '[build 3/3] WORKDIR /x',
    '[stage-1 1/1] COPY --from=build /a /b',
  ])
})

test('a RUN is named by its command: variables of the build are replaced, quotes and those of the shell stay', async () => {
  const graph = await evaluate(
    `FROM base\nENV V=1.2\nRUN for i in a b; do echo "$i $V" 'x' \\\n  >> out; done; printf "%s\\n" $$ \${U:-d}\n`,
    { images: { base: {} } },
  )
  expect(stepNames(graph)).toContain(
    `[2/2] RUN for i in a b; do echo "$i 1.2" 'x'   >> out; done; printf "%s\\n" $$ \${U:-d}`,
  )
})

test('triggers of a base image run first, and may bring other stages in', async () => {
  const images = { base: { OnBuild: ['COPY --from=assets x /x', 'ENV TRIGGERED=yes'] } }
  const graph = await evaluate('FROM scratch AS assets\nFROM base\nLABEL t=$TRIGGERED\n', { images })
  expect(stageNames(graph)).toEqual(['assets', undefined])
  expect(graph.target.config).toMatchObject({ Labels: { t: 'yes' } })
  expect(graph.target.config).not.toHaveProperty('OnBuild')
  expect(stepNames(graph)).toContain('[stage-1 2/2] ONBUILD COPY --from=assets x /x')
})

test('triggers of a stage run in the stages built on it', async () => {
  const graph = await evaluate('FROM scratch AS base\nONBUILD ENV A=1\nFROM base\nLABEL a=$A\n')
  expect(graph.target.config).toMatchObject({ Labels: { a: '1' } })
})

test('the words of a trigger have the escape character of the Dockerfile', async () => {
  const graph = await evaluate('# escape=`\nFROM base\n', { images: { base: { OnBuild: ['LABEL a=C:\\dir'] } } })
  expect(graph.target.config).toMatchObject({ Labels: { a: 'C:\\dir' } })
})

test('inputs come before the vertices that use them', async () => {
  const graph = await evaluate('FROM scratch AS a\nCOPY x /\nFROM scratch AS b\nCOPY --from=a x /\nCOPY y /\n')
  const seen = new Set<string>()
  for (const { id, inputs } of graph.vertices) {
    for (const input of inputs) expect(seen).toContain(input)
    seen.add(id)
  }
})

test('a named context takes the place of a stage', async () => {
  const graph = await evaluate('FROM missing AS base\nCOPY a /\nFROM scratch\nCOPY --from=base x /\n', {
    override: (name) => (name === 'base' ? () => Promise.resolve({ kind: 'files', context: 'base' }) : undefined),
  })
  expect(graph.vertices.map((vertex) => vertex.id)).toContain('context:base')
  expect(stepNames(graph)).not.toContain('[base 1/1] COPY a /')
})

test('what would take the place of a stage is not looked for where the target does without the stage', async () => {
  const asked: string[] = []
  await evaluate('FROM missing AS unused\nFROM missing AS base\nFROM base\nCOPY a /\n', {
    override: (name) => () => {
      asked.push(name)
      return Promise.resolve({ kind: 'scratch' })
    },
  })
  expect(asked).toEqual(['base'])
})

test('what a trigger copies stands at the FROM that fires it', async () => {
  const text = 'FROM scratch AS a\nFROM base\nENV X=1\n'
  const trigger = 'COPY --chown=1:2 one <<two /\n2\ntwo\n'
  const graph = await evaluate(text, { images: { base: { OnBuild: [trigger] } } })
  const spans = graph.vertices.flatMap(({ op }) => (op.kind === 'copy' ? op.sources.map(({ span }) => span) : []))
  expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(['FROM base', 'FROM base'])
})

test('--platform decides what the image says it is for', async () => {
  const platform = { os: 'linux', architecture: 'arm64' }
  const graph = await evaluate('FROM scratch\nARG TARGETARCH\nLABEL a=$TARGETARCH\n', { platform })
  expect(graph.target).toMatchObject({ imagePlatform: platform, config: { Labels: { a: 'arm64' } } })
})

test('names of steps say the platform of the stage, and what it makes things for', async () => {
  const text = [
    'FROM --platform=$BUILDPLATFORM base AS build',
    'COPY a /',
    'ARG TARGETARCH TARGETVARIANT',
    'COPY $TARGETARCH /',
    'FROM scratch',
    'COPY --from=build b /',
  ].join('\n')
  const arm = { os: 'linux', architecture: 'arm', variant: 'v7' }
  const [first, second] = await evaluateAll(text, [{ os: 'linux', architecture: 'amd64' }, arm], {
    images: { base: {} },
  })
  const own = (graph: Graph | undefined): string[] => stepNames(graph as Graph).filter((name) => /\d\]/.test(name))
  expect(own(first)).toEqual([
    '[linux/amd64 build 1/3] FROM base',
    '[linux/amd64 build 2/3] COPY a /',
    '[linux/amd64 build 3/3] COPY amd64 /',
    '[linux/amd64 stage-1 1/1] COPY --from=build b /',
  ])
  // The first two are the other platform's.
  expect(own(second)).toEqual([
    '[linux/amd64 build 1/3] FROM base',
    '[linux/amd64 build 2/3] COPY a /',
    '[linux/amd64->arm/v7 build 3/3] COPY arm /',
    '[linux/arm/v7 stage-1 1/1] COPY --from=build b /',
  ])
  expect(second?.vertices.filter(({ id }) => first?.vertices.some((vertex) => vertex.id === id))).toHaveLength(4)
})

test.each(graphErrors)('%s is an error at its place', async (_, text, options, code, line) => {
  const error = (await evaluate(text, options).catch((e: unknown) => e)) as TsbuildError
  expect(error).toMatchObject({ code })
  const { location } = error
  expect(location && positionAt(location.file.text, location.span.start).line).toBe(line)
})

const SUM = `sha256:${'0'.repeat(64)}` as const
test.each<[string, object]>([
  ['https://example.org/a/b%20c.tar?x=/y', { kind: 'url', name: 'b c.tar', unpack: false, checksum: undefined }],
  ['--unpack http://example.org/a/', { kind: 'url', name: 'a', unpack: true }],
  [`--checksum=${SUM} https://example.org`, { kind: 'url', name: '__unnamed__', checksum: SUM }],
  ['https://example.org/a%2Fb', { kind: 'url', name: 'b' }],
  ['https://example.org/a%0Ab', { kind: 'url', name: 'download' }],
  ['git@example.org:b#v1', { kind: 'git', keepGitDir: false, url: { remote: 'git@example.org:b', ref: 'v1' } }],
  [
    '--keep-git-dir --checksum=ab https://example.org/b.git',
    { kind: 'git', keepGitDir: true, url: { checksum: 'ab' } },
  ],
  ['https://example.org/b.git?keep-git-dir=1&commit=cd', { kind: 'git', keepGitDir: true, url: { checksum: 'cd' } }],
  ['github.com/team/app', { kind: 'path', path: 'github.com/team/app' }],
])('ADD %s takes from there', async (source, expected) => {
  const graph = await evaluate(`FROM scratch\nADD ${source} /d/\n`)
  const { op, inputs } = graph.vertices.find((vertex) => vertex.op.kind === 'copy') ?? {}
  expect(op).toMatchObject({ kind: 'copy', sources: [expected] })
  // Only paths need the build context.
  expect(inputs?.includes('context:context')).toBe('path' in expected)
  const shown = source.replace(/^(--\S+ )*/, '')
  expect(graph.target.history.at(-1)?.created_by).toBe(`ADD ${shown} /d/ # buildkit`)
})
