import { describe, expect, test } from 'vitest'
import { graphToJson } from '../../lib/graph/print/print-graph.ts'
import type { EvaluatedInstruction } from '../../lib/graph/types.ts'
import { evaluate } from './evaluate.ts'

const instructionsOf = async (...lines: string[]): Promise<readonly EvaluatedInstruction[]> =>
  (await evaluate(`FROM scratch\n${lines.join('\n')}\n`)).target.instructions

describe('words', () => {
  test.each([
    ['ENV A=$X "B C"=\'$X\'', ['A=v', 'B C=$X']],
    ['LABEL a=${X:-d} b=${Y:-d}', ['a=v', 'b=d']],
    ['EXPOSE $PORTS 9', ['80', '81', '9']],
    ['COPY --chown=$X:$X --link a$X b c/', ['--chown=v:v', '--link', 'av', 'b', 'c/']],
    ['COPY <<EOF /$X\nbody $X\nEOF', ['<<EOF', '/v']],
    ['RUN --mount=type=tmpfs,target=/t echo $X', ['--mount=type=tmpfs,target=/t', '/bin/sh', '-c', 'echo $X']],
    ['CMD ["a", "$X"]', ['a', '$X']],
    ['ENTRYPOINT run $X', ['/bin/sh', '-c', 'run $X']],
    ['HEALTHCHECK --retries=2 CMD ok', ['--retries=2', 'CMD-SHELL', 'ok']],
    ['SHELL ["bash", "-c"]', ['bash', '-c']],
    ['VOLUME ["/$X"]', ['/v']],
    ['USER $X', ['v']],
    ['WORKDIR a/$X', ['a/v']],
    ['STOPSIGNAL SIG$K', ['SIGINT']],
    ['MAINTAINER me', ['me']],
    ['ONBUILD RUN $X', ['RUN $X']],
    ['ARG P=$X Q', ['P=v', 'Q']],
  ])('%j has its words expanded', async (line, words) => {
    const instructions = await instructionsOf('ENV X=v K=INT PORTS="80 81"', line)
    expect(instructions.at(-1)?.words).toEqual(words)
  })

  test('variables that were used and those that are not set are named, once and sorted', async () => {
    const [, label] = await instructionsOf('ENV B=1 A=2', 'LABEL x=$B$A$B y=${NONE:-$A} z=$OTHER')
    expect(label).toMatchObject({ used: ['A', 'B'], unset: ['NONE', 'OTHER'] })
  })

  test('the label of a step expands variables, which is no use of them', async () => {
    const [, run] = await instructionsOf('ENV A=1', 'RUN echo $A')
    expect(run).toMatchObject({ used: [], unset: [] })
  })
})

describe('what is in force', () => {
  const dockerfile = 'ENV A=1\nUSER app\nWORKDIR /src\nARG V=2\nARG W\nLABEL a=$V'

  test('an instruction sees what those before it set', async () => {
    const seen = (await instructionsOf(...dockerfile.split('\n'))).map(({ kind, scope }) => {
      const { PATH: _, ...env } = Object.fromEntries(scope.env)
      return [kind, env, scope.user, scope.workdir]
    })
    expect(seen).toEqual([
      ['ENV', {}, '', '/'],
      ['USER', { A: '1' }, '', '/'],
      ['WORKDIR', { A: '1' }, 'app', '/'],
      ['ARG', { A: '1' }, 'app', '/src'],
      ['ARG', { A: '1', V: '2' }, 'app', '/src'],
      ['LABEL', { A: '1', V: '2' }, 'app', '/src'],
    ])
  })

  test('a stage says what is in force at its end, and a stage on top of it begins with that', async () => {
    const graph = await evaluate(`FROM scratch AS a\n${dockerfile}\nFROM a\nRUN x\n`)
    expect(graph.stages[0]?.scope).toMatchObject({ user: 'app', workdir: '/src' })
    expect(graph.target.instructions[0]?.scope.env).toEqual(graph.stages[0]?.scope.env)
  })

  test('build args have the values of this build', async () => {
    const text = 'ARG G=1\nFROM scratch\nARG G\nARG D=2 E=3\nARG N\n'
    const { target, globalArgs } = await evaluate(text, { buildArgs: { E: 'given' } })
    expect(target.instructions.map(({ args }) => args)).toEqual([
      [{ name: 'G', value: '1' }],
      [
        { name: 'D', value: '2' },
        { name: 'E', value: 'given' },
      ],
      [{ name: 'N', value: undefined }],
    ])
    expect(globalArgs.get('G')).toBe('1')
  })

  test('an ONBUILD trigger is marked, and stands at the FROM that fires it', async () => {
    const text = '\nFROM base\nRUN x\n'
    const { target } = await evaluate(text, { images: { base: { OnBuild: ['ENV A=$PATH'] } } })
    expect(target.instructions).toMatchObject([
      { kind: 'ENV', onBuild: true, line: 2, used: ['PATH'] },
      { kind: 'RUN', onBuild: false, line: 3 },
    ])
  })

  test('JSON has it on request', async () => {
    const graph = await evaluate('FROM scratch\nENV PATH=/bin\nUSER 1\n')
    const json = JSON.parse(JSON.stringify(graphToJson(graph, { scopes: true }))) as Record<string, unknown>
    expect(json['stages']).toMatchObject([
      { user: '1', instructions: [{ user: '' }, { env: { PATH: '/bin' }, user: '', workdir: '/' }] },
    ])
  })

  test('thousands of instructions share one environment', async () => {
    const variables = Array.from({ length: 100 }, (_, n) => `V${n}=${n}`).join(' ')
    const lines = Array.from({ length: 2000 }, () => 'LABEL l=$V7')
    const [, ...labels] = await instructionsOf(`ENV ${variables}`, ...lines)
    expect(new Set(labels.map(({ scope }) => scope)).size).toBe(1)
    expect(labels[0]?.scope.env.size).toBe(101)
  })

  test('where only the user changes, the environment is the same map', async () => {
    const [, first, second, third] = await instructionsOf('ENV A=1', 'USER app', 'LABEL a=1', 'LABEL b=1')
    expect(second?.scope.user).toBe('app')
    expect(second?.scope.env).toBe(first?.scope.env)
    expect(third?.scope).toBe(second?.scope)
  })
})
