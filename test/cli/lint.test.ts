import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type CliOptions, type CliRun, cli } from './run-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'tsbuild-lint-'))
const context = join(directory, 'context')
const dockerfile = join(context, 'Dockerfile')
const tsbuild = (args: readonly string[], options?: CliOptions): Promise<CliRun> =>
  cli(['--store', join(directory, 'store'), ...args], options)

const text = 'FROM scratch as app\nCOPY secret $PLACE\nENV a b\n'

beforeEach(async () => {
  const { mkdirSync } = await import('node:fs')
  mkdirSync(context, { recursive: true })
  writeFileSync(dockerfile, text)
  writeFileSync(join(context, '.dockerignore'), 'secret\n')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('tsbuild lint', () => {
  test('shows warnings from the top of the file down, and ends with 0', async () => {
    const { code, stdout, stderr } = await tsbuild(['lint', context])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.match(/^\S+?:\d+:\d+: warning: .*$/gm)?.map((line) => line.slice(dockerfile.length))).toEqual([
      ":1:14: warning: 'as' and 'FROM' keywords' casing do not match [FromAsCasing]",
      ':2:6: warning: Attempting to Copy file "secret" that is excluded by .dockerignore [CopyIgnoredFile]',
      ":2:13: warning: Usage of undefined variable '$PLACE' [UndefinedVar]",
      ':3:5: warning: "ENV key=value" should be used instead of legacy "ENV key value" format [LegacyKeyValueFormat]',
    ])
    expect(stdout).toContain('> 1 | FROM scratch as app\n    |              ^^\n')
    expect(stdout).toContain('hint: see docs/rules/UndefinedVar.md\n')
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `${dockerfile}: 4 warnings, 2 of which \`tsbuild lint --fix\` can fix`,
    )
  })

  test('takes a Dockerfile as PATH, with its directory as the context', async () => {
    expect(await tsbuild(['lint', dockerfile])).toEqual(await tsbuild(['lint', context]))
  })

  test('says so when there is nothing to say', async () => {
    expect(await tsbuild(['lint', '-f', '-', context], { stdin: 'FROM scratch\n' })).toEqual({
      code: 0,
      stdout: 'stdin: no warnings\n',
      stderr: '',
    })
  })

  test('ends with 1 when the Dockerfile wants warnings to fail', async () => {
    const stdin = `# check=error=true;skip=FromAsCasing,CopyIgnoredFile,UndefinedVar\n${text}`
    expect((await tsbuild(['lint', '-f', '-', context], { stdin })).code).toBe(1)
    const quiet = stdin.replace('UndefinedVar', 'UndefinedVar,LegacyKeyValueFormat')
    expect((await tsbuild(['lint', '-f', '-', context], { stdin: quiet })).code).toBe(0)
  })

  test('shows errors with the warnings before them, and ends with 1', async () => {
    const stdin = 'FROM scratch as a\nFOO\nBAR\n'
    const { code, stdout } = await tsbuild(['lint', '-f', '-', context], { stdin })
    expect(code).toBe(1)
    expect(stdout.match(/^stdin:.*$/gm)).toEqual([
      expect.stringContaining('stdin:1:14: warning: '),
      expect.stringContaining('stdin:2:1: error: '),
      expect.stringContaining('stdin:3:1: error: '),
      'stdin: 1 warning, 1 of which `tsbuild lint --fix` can fix',
    ])
  })

  test('knows build args and targets', async () => {
    const stdin = 'ARG T\nFROM scratch AS a\nENV k v\nFROM busybox:$T\nUSER $T\nARG T\n'
    const rules = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await tsbuild(['lint', '--format=json', '-f', '-', ...args, context], { stdin })
      return (JSON.parse(stdout) as { rule: string }[]).map(({ rule }) => rule)
    }
    expect(await rules('--build-arg', 'T=1')).toEqual(['LegacyKeyValueFormat', 'InvalidDefaultArgInFrom'])
    expect(await rules('--target', 'a', '--build-arg', 'T=1')).toContain('LegacyKeyValueFormat')
    expect(await rules('--target', 'nowhere', '--build-arg', 'T=1')).toContain('TARGET_UNKNOWN')
  })

  test('knows the variables of base images that are in the store', async () => {
    await tsbuild(['-q', '-t', 'base', '-f', '-', context], { stdin: 'FROM scratch\nENV THERE=1\n' })
    const stdin = 'FROM base\nUSER $THERE$ABSENT\n'
    const { stdout } = await tsbuild(['lint', '-f', '-', context], { stdin })
    expect(stdout.match(/undefined variable '.*?'/g)).toEqual(["undefined variable '$ABSENT'"])
  })

  test('prints JSON', async () => {
    const { stdout } = await tsbuild(['lint', '--format', 'json', context])
    expect(JSON.parse(stdout)[0]).toEqual({
      level: 'warning',
      rule: 'FromAsCasing',
      message: "'as' and 'FROM' keywords' casing do not match",
      file: dockerfile,
      start: { line: 1, column: 14 },
      end: { line: 1, column: 16 },
      url: 'docs/rules/FromAsCasing.md',
      fixable: true,
    })
  })

  test('prints SARIF, with every rule that spoke', async () => {
    const { stdout } = await tsbuild(['lint', '--format', 'sarif', '-f', '-', context], { stdin: `${text}FOO\n` })
    const { version, runs } = JSON.parse(stdout)
    expect(version).toBe('2.1.0')
    const [{ results, tool }] = runs
    expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(['FromAsCasing', 'INSTRUCTION_UNKNOWN'])
    expect(results).toMatchObject([
      { ruleId: 'FromAsCasing', ruleIndex: 0, level: 'warning' },
      { ruleId: 'INSTRUCTION_UNKNOWN', ruleIndex: 1, level: 'error' },
    ])
    expect(results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'stdin' },
      region: { startLine: 1, startColumn: 14, endLine: 1, endColumn: 16 },
    })
  })

  test('prints annotations for GitHub, with what has a meaning there escaped', async () => {
    const stdin = 'FROM scratch\nWORKDIR a%,:b\nCMD a\\\nb\n'
    const { stdout } = await tsbuild(['lint', '--format', 'github', '-f', '-', context], { stdin })
    expect(stdout.split('\n')).toEqual([
      '::warning file=stdin,line=2,endLine=2,col=9,endColumn=14,title=WorkdirRelativePath::' +
        'Relative workdir "a%25,:b" can have unexpected results if the base image changes',
      expect.stringMatching(/^::warning file=stdin,line=3,endLine=4,title=JSONArgsRecommended::/),
      '',
    ])
  })

  test('shows what is certain with how much there is of it, and keeps secrets to itself', async () => {
    const token = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
    const stdin = `FROM node:24\nWORKDIR /app\nCOPY . .\nRUN npm ci\nENV A=${token}\nRUN cd /\n`
    writeFileSync(join(context, 'package.json'), '{}')
    for (const format of ['text', 'json', 'sarif', 'github']) {
      const { code, stdout } = await tsbuild(['lint', '-f', '-', '--format', format, context], { stdin })
      expect(code).toBe(0)
      expect(stdout).toMatch(
        /any change in 3 files \([\d.]+ B\) runs `npm ci` \(line 4\) again, which needs only package\.json/,
      )
      expect(stdout).toContain('SecretTokenWritten')
      expect(stdout).toContain('LostShellState')
      expect(stdout).not.toContain(token.slice(4))
    }
  })

  test('applies the rules that are asked for, and not those that are not wanted', async () => {
    const stdin = 'FROM node as a\nRUN cd /\n'
    const rules = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await tsbuild(['lint', '--format=json', '-f', '-', ...args, context], { stdin })
      return (JSON.parse(stdout) as { rule: string }[]).map(({ rule }) => rule)
    }
    expect(await rules()).toEqual(['FromAsCasing', 'LostShellState'])
    expect(await rules('--enable', 'UnpinnedBase,RunsAsRoot')).toEqual([
      'RunsAsRoot',
      'UnpinnedBase',
      'FromAsCasing',
      'LostShellState',
    ])
    expect(await rules('--disable', 'certain')).toEqual(['FromAsCasing'])
    expect(await rules('--disable=docker', '--disable=LostShellState')).toEqual([])
    expect(await rules('--disable', 'all', '--enable', 'UnpinnedBase')).toEqual(['UnpinnedBase'])
  })

  test('suggests the name of a rule that is misspelt', async () => {
    const { code, stderr } = await tsbuild(['lint', '--enable', 'UnpinedBase', context])
    expect(code).toBe(2)
    expect(stderr).toContain('--enable: there is no rule or set of rules named "UnpinedBase"')
    expect(stderr).toContain('did you mean UnpinnedBase?')
  })

  test('refuses a format that it does not have', async () => {
    expect((await tsbuild(['lint', '--format', 'xml', context])).code).toBe(2)
  })
})

describe('tsbuild lint --fix', () => {
  test('fixes the file and shows what is left', async () => {
    const { code, stdout, stderr } = await tsbuild(['lint', '--fix', context])
    expect([code, stderr]).toEqual([0, `${dockerfile}: fixed 2 warnings\n`])
    expect(readFileSync(dockerfile, 'utf8')).toBe('FROM scratch AS app\nCOPY secret $PLACE\nENV a=b\n')
    expect(stdout).toMatch(/: 2 warnings\n$/)
  })

  test('writes a Dockerfile from standard input to standard output', async () => {
    const { stdout, stderr } = await tsbuild(['lint', '--fix', '-f', '-', context], { stdin: 'FROM scratch as a\n' })
    expect(stdout).toBe('FROM scratch AS a\n')
    expect(stderr).toBe('stdin: fixed 1 warning\nstdin: no warnings\n')
  })

  test('leaves a file alone that is not UTF-8', async () => {
    const bytes = Buffer.from([...Buffer.from(text), 0x23, 0xff, 0x0a])
    writeFileSync(dockerfile, bytes)
    const { code, stderr } = await tsbuild(['lint', '--fix', context])
    expect([code, readFileSync(dockerfile)]).toEqual([1, bytes])
    expect(stderr).toContain("can't be fixed: it is not UTF-8")
  })
})

describe('tsbuild build --check', () => {
  test('says what tsbuild lint says, and builds nothing', async () => {
    const { code, stdout, stderr } = await tsbuild(['--check', '-t', 'never', context])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe((await tsbuild(['lint', context])).stdout)
    const stdin = 'FROM scratch\nRUN cd /\n'
    expect((await tsbuild(['--check', '-f', '-', context], { stdin })).stdout).toBe('stdin: no warnings\n')
    expect((await tsbuild(['inspect', 'never'])).code).toBe(1)
  })

  test('with error=true ends with 1 where there are warnings', async () => {
    writeFileSync(dockerfile, `# check=error=true\n${text}`)
    expect((await tsbuild(['build', '--check', context])).code).toBe(1)
  })
})
