import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { TsbuildError } from '../../lib/base/errors.ts'
import { build } from '../../lib/build/build.ts'
import type { BuildOptions } from '../../lib/build/build-options.ts'
import { checkBuild } from '../../lib/build/check-build.ts'
import { planBuild } from '../../lib/build/prepare-build.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-check-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const optionsOf = (text: string, more: Partial<BuildOptions> = {}): BuildOptions => ({
  store: join(directory, 'store'),
  context: new Map([['Dockerfile', text]]),
  ...more,
})

async function errorOfPlan(options: BuildOptions): Promise<TsbuildError | undefined> {
  try {
    await planBuild(options)
    return undefined
  } catch (error) {
    if (error instanceof TsbuildError) return error
    throw error
  }
}

const shown = (error: TsbuildError | undefined): object | undefined =>
  error && {
    code: error.code,
    message: error.message,
    hint: error.hint,
    location: error.location,
    others: error.others.length,
  }

describe('a check says what would end the build', () => {
  test.each<[string, string, string, Partial<BuildOptions>?]>([
    ['a port that is none', 'INSTRUCTION_ARGUMENTS', 'FROM scratch\nEXPOSE 99999\n'],
    ['a signal that is none', 'INSTRUCTION_ARGUMENTS', 'FROM scratch\nSTOPSIGNAL NOPE\n'],
    ['a mount of what is no image', 'REFERENCE_INVALID', 'FROM scratch\nRUN --mount=from=z:Q:q,target=/x true\n'],
    ['a base that is no image', 'REFERENCE_INVALID', 'FROM z:Q:q\n'],
    ['two unknown instructions', 'INSTRUCTION_UNKNOWN', 'FROM scratch\nFOO\nBAR\n'],
    ['a directive before the errors of instructions', 'DIRECTIVE_INVALID', '# check=foo\nFROM scratch\nFOO\n'],
    ['another frontend', 'UNSUPPORTED', '# syntax=example.com/other\nFROM scratch\nFOO\n'],
    ['a date that is none', 'OPTION_INVALID', 'ARG SOURCE_DATE_EPOCH=yesterday\nFROM scratch\n'],
    [
      'the date of a context that has none',
      'OPTION_INVALID',
      'ARG SOURCE_DATE_EPOCH=context\nFROM scratch\nEXPOSE x\n',
    ],
    ['a date that is given', 'OPTION_INVALID', 'FROM scratch\nEXPOSE x\n', { buildArgs: { SOURCE_DATE_EPOCH: 'x' } }],
    ['an unknown target', 'TARGET_UNKNOWN', 'FROM scratch AS a\n', { target: 'b' }],
    ['a context that is not there', 'CONTEXT_NOT_FOUND', 'FROM c\n', { buildContexts: { c: join(directory, 'none') } }],
  ])('%s', async (_, code, text, more) => {
    const expected = await errorOfPlan(optionsOf(text, more))
    expect(expected?.code).toBe(code)
    const { report } = await checkBuild(optionsOf(text, more))
    expect(shown(report.error)).toEqual(shown(expected))
  })

  test('which takes a named context whatever its name', async () => {
    const options = optionsOf('FROM My_Files\nCOPY x /\n', { buildContexts: { My_Files: new Map([['x', '1']]) } })
    expect(await errorOfPlan(options)).toBeUndefined()
    expect((await checkBuild(options)).report.error).toBeUndefined()
  })
})

describe('a build with # check=error=true', () => {
  const text = '# check=error=true\nFROM scratch AS other\nENV a 1\nFROM scratch\nEXPOSE 80/TCP\n'
  const failureOf = async (given: string, more?: Partial<BuildOptions>): Promise<TsbuildError | undefined> =>
    build(optionsOf(given, more)).then(
      () => undefined,
      (error: TsbuildError) => error,
    )

  test('is refused for the warnings about the stages that it needs, each once', async () => {
    const error = await failureOf(text, { platforms: ['linux/amd64', 'linux/arm64'] })
    expect(error).toMatchObject({ code: 'CHECK_FAILED', message: expect.stringContaining('(ExposeProtoCasing)') })
    expect(error?.others).toEqual([])
  })

  test('goes on where only other stages have warnings', async () => {
    expect(await failureOf(text.replace('TCP', 'tcp'))).toBeUndefined()
  })

  test('says first what is wrong with the Dockerfile', async () => {
    expect(await failureOf(`${text}STOPSIGNAL NOPE\n`)).toMatchObject({ code: 'INSTRUCTION_ARGUMENTS' })
  })
})
