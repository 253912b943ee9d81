import { describe, expect, test } from 'vitest'
import { canonicalArguments, type FlagTable } from '../../../lib/cli/arguments/parse-flags.ts'
import { buildSpec } from '../../../lib/cli/specs/build.ts'

const table: FlagTable = { flags: buildSpec.flags, refused: buildSpec.refused ?? [] }

const readings: readonly (readonly [args: string, flags: string, positionals: string])[] = [
  ['.', '', '.'],
  ['-t x .', '--tag=x', '.'],
  ['-tx .', '--tag=x', '.'],
  ['-t=x .', '--tag=x', '.'],
  ['--tag x .', '--tag=x', '.'],
  ['--tag=x .', '--tag=x', '.'],
  ['--tag= .', '--tag=', '.'],
  ['. -t x', '--tag=x', '.'],
  ['-t a -t b .', '--tag=a --tag=b', '.'],
  ['--build-arg A=b=c .', '--build-arg=A=b=c', '.'],
  ['--build-arg --weird .', '--build-arg=--weird', '.'],
  ['-f - .', '--file=-', '.'],
  ['-o - .', '--output=-', '.'],
  ['-f- .', '--file=-', '.'],
  ['-q .', '--quiet=true', '.'],
  ['-qt x .', '--quiet=true --tag=x', '.'],
  ['-q=false .', '--quiet=false', '.'],
  ['--no-cache .', '--no-cache=true', '.'],
  ['--no-cache=false .', '--no-cache=false', '.'],
  ['--no-cache=0 .', '--no-cache=false', '.'],
  ['--no-cache=TRUE .', '--no-cache=true', '.'],
  ['-- -t', '', '-t'],
  ['-t x -- --file .', '--tag=x', '--file .'],
  ['-', '', '-'],
  ['--provenance=false --sbom false --load=false --rm .', '', '.'],
]

describe('arguments are read as docker reads them', () => {
  test.each(readings)('%s', (args, flags, positionals) => {
    const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')
    expect(canonicalArguments(args.split(' '), table)).toEqual({ flags: words(flags), positionals: words(positionals) })
  })
})

const refusals: readonly (readonly [args: string, code: string, message: string])[] = [
  ['--tga x .', 'OPTION_UNKNOWN', 'unknown option "--tga"'],
  ['-z .', 'OPTION_UNKNOWN', 'unknown option "-z"'],
  ['-qz .', 'OPTION_UNKNOWN', 'unknown option "-z" in "-qz"'],
  ['-file x .', 'OPTION_UNKNOWN', 'unknown option "-file"'],
  ['-tag=x .', 'OPTION_UNKNOWN', 'unknown option "-tag"'],
  ['-load .', 'OPTION_UNKNOWN', 'unknown option "-load"'],
  ['--tag', 'OPTION_INVALID', '--tag needs NAME[:TAG]'],
  ['. -t', 'OPTION_INVALID', '-t needs NAME[:TAG]'],
  ['--no-cache=maybe .', 'OPTION_INVALID', '--no-cache can\'t be "maybe": expected true or false'],
  [
    '--progress=fancy .',
    'OPTION_INVALID',
    '--progress can\'t be "fancy": expected auto, plain, tty, rawjson, quiet or none',
  ],
  ['--load .', 'UNSUPPORTED', '--load is not supported yet'],
  ['--cgroup-parent a .', 'UNSUPPORTED', '--cgroup-parent is not supported yet'],
  ['--provenance=true .', 'UNSUPPORTED', '--provenance is not supported yet'],
]

describe('what can’t be carried out is refused', () => {
  test.each(refusals)('%s', (args, code, message) => {
    expect(() => canonicalArguments(args.split(' '), table)).toThrow(expect.objectContaining({ code, message }))
  })
})

test('every refused flag of buildx is unknown to tsbuild', () => {
  const known = new Set(table.flags.flatMap((flag) => [flag.name, flag.short]))
  expect((table.refused ?? []).filter((flag) => known.has(flag.name) || (flag.short && known.has(flag.short)))).toEqual(
    [],
  )
})
