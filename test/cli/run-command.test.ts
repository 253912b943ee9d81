import { describe, expect, test } from 'vitest'
import { cli } from './run-cli.ts'

describe('help', () => {
  test('goes to standard output when asked for', async () => {
    const { code, stdout, stderr } = await cli(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('tsbuild help COMMAND')
    expect(await cli(['help'])).toEqual({ code, stdout, stderr })
    expect(await cli(['-h'])).toEqual({ code, stdout, stderr })
  })

  test('goes to standard error, with exit code 2, when nothing was asked', async () => {
    const { code, stdout, stderr } = await cli([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage')
  })

  test('of a command is the same in three spellings', async () => {
    const help = await cli(['help', 'save'])
    expect(help.stdout).toContain('tsbuild save [OPTIONS] -o FILE NAME...')
    expect(await cli(['save', '--help'])).toEqual(help)
    expect(await cli(['--help', 'save'])).toEqual({ ...help, stdout: help.stdout })
  })
})

const wrong: readonly (readonly [args: readonly string[], stderr: string])[] = [
  [['build'], 'error: PATH is missing [OPTION_INVALID]\nhint: to build the current directory, run `tsbuild .`\n'],
  [['--targt', 'x', '.'], 'error: unknown option "--targt" [OPTION_UNKNOWN]\nhint: did you mean --target?\n'],
  [['--frobnicate', '.'], 'error: unknown option "--frobnicate" [OPTION_UNKNOWN]\n'],
  [['-file', 'x', '.'], 'error: unknown option "-file" [OPTION_UNKNOWN]\nhint: write it with two dashes: --file\n'],
  [
    ['--progress', 'pain', '.'],
    'error: --progress can\'t be "pain": expected auto, plain, tty, rawjson, quiet or none [OPTION_INVALID]\nhint: did you mean plain?\n',
  ],
  [
    ['imagse'],
    'error: "imagse" is neither a command nor a directory [OPTION_INVALID]\nhint: did you mean tsbuild images?\n',
  ],
  [
    ['system', 'prune'],
    'error: there is no command "system prune" [OPTION_INVALID]\nhint: `tsbuild du` shows what takes space in the store, `tsbuild prune` removes what no named image needs\n',
  ],
  [
    ['builder', 'df'],
    'error: there is no command "builder df" [OPTION_INVALID]\nhint: `tsbuild du` shows what takes space in the store, `tsbuild prune` removes what no named image needs\n',
  ],
  [
    ['buildx', 'bake', '--print'],
    'error: there is no command "buildx bake" [OPTION_INVALID]\nhint: build each target with `tsbuild build`\n',
  ],
  [
    ['run', '-it', 'app'],
    'error: there is no command "run" [OPTION_INVALID]\nhint: tsbuild builds images and runs no containers: load the image with `podman load` or `docker load`\n',
  ],
  [
    ['buildx', 'ls'],
    'error: there is no command "buildx ls" [OPTION_INVALID]\nhint: tsbuild has no builders: it builds in its own process\n',
  ],
  [['help', 'imagse'], 'error: there is no command "imagse" [OPTION_INVALID]\nhint: did you mean images?\n'],
  [['-f', '-', '-'], 'error: standard input cannot be both the build context and the Dockerfile [OPTION_INVALID]\n'],
  [['--build-context', 'x', '.'], 'error: --build-context can\'t be "x": expected NAME=VALUE [OPTION_INVALID]\n'],
  [['--build-arg', '=x', '.'], 'error: --build-arg can\'t be "=x": expected NAME=VALUE [OPTION_INVALID]\n'],
  [['-q', '--progress=plain', '.'], 'error: --quiet and --progress=plain contradict each other [OPTION_INVALID]\n'],
  [
    ['--load', '.'],
    'error: --load is not supported yet [UNSUPPORTED]\nhint: use `-o type=docker,dest=FILE`, then `docker load -i FILE`\n',
  ],
  [['--push', '.'], 'error: the image has no name to be pushed under [OPTION_INVALID]\nhint: name it with -t\n'],
  [
    ['-o', 'type=registry', '.'],
    'error: the image has no name to be pushed under [OPTION_INVALID]\nhint: name it with -t\n',
  ],
]

describe('a wrong command line ends with 2 and says why', () => {
  test.each(wrong)('%j', async (args, stderr) => {
    expect(await cli(args)).toEqual({ code: 2, stdout: '', stderr })
  })

  test('an archive is not written to a terminal', async () => {
    const { code, stderr } = await cli(['-o', '-', '.'], { tty: ['out'] })
    expect([code, stderr]).toEqual([
      2,
      'error: standard output is a terminal: the archive is not written there [OPTION_INVALID]\nhint: redirect standard output, or write to a file with dest=FILE\n',
    ])
  })

  test('as JSON with --progress=rawjson', async () => {
    const { stderr } = await cli(['--progress=rawjson', '--load', '.'])
    expect(JSON.parse(stderr)).toMatchObject({ type: 'error', code: 'UNSUPPORTED' })
  })
})

describe("docker's spelling of a command runs it", () => {
  test.each([
    [
      ['image', 'ls', '--help'],
      ['images', '--help'],
    ],
    [
      ['image', 'rm', 'nosuch'],
      ['rmi', 'nosuch'],
    ],
    [['buildx', 'build'], ['build']],
    [
      ['buildx', 'imagetools', 'inspect'],
      ['imagetools', 'inspect'],
    ],
    [
      ['--store', '/nosuch', 'image', 'history', '--nosuch'],
      ['history', '--nosuch'],
    ],
  ])('%j as %j', async (given, own) => {
    const result = await cli(given)
    expect(result).toEqual(await cli(own))
    expect(result.stdout + result.stderr).not.toBe('')
  })
})
