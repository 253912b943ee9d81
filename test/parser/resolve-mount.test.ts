import { describe, expect, test } from 'vitest'
import { parse, type ResolvedMount, resolveMount } from '../../lib/parser/index.ts'

function resolve(mount: string): ResolvedMount {
  const [, run] = parse(`FROM a\nRUN --mount=${mount} x`).instructions
  if (run?.kind !== 'RUN' || !run.mounts[0]) throw new Error('no mount')
  return resolveMount(run.mounts[0], (value) => value.replace('$TYPE', 'cache').replace('$ID', 'me'))
}

describe('a mount resolves to', () => {
  test.each([
    ['target=/x', { type: 'bind', target: '/x', readonly: true }],
    [
      'type=$TYPE,dst=/x,id=$ID,sharing=LOCKED',
      { type: 'cache', target: '/x', id: 'me', sharing: 'locked', readonly: false },
    ],
    ['type=cache,target=/x,ro,mode=0750,uid=1,gid=2', { readonly: true, mode: 0o750, uid: 1, gid: 2 }],
    ['src=a,target=/x,rw', { source: 'a', readonly: false }],
    ['target=/x,readwrite=false', { readonly: true }],
    ['type=tmpfs,target=/x,size=1.5g', { size: 1.5 * 1024 ** 3 }],
    ['type=tmpfs,target=/x,size=64KiB', { size: 65_536 }],
    ['type=secret,id=a,required,env=', { id: 'a', required: true, env: '' }],
    ['type=ssh,required=0', { required: false }],
    [`'type=bind,"target=/a,b"'`, { target: '/a,b' }],
  ])('%s', (mount, resolved) => expect(resolve(mount)).toMatchObject(resolved))
})

describe('a mount is refused', () => {
  test.each([
    ['type=volume,target=/x', 'unsupported type "volume"'],
    ['target=/x,z', 'the field "z" must be key=value'],
    ['typ=cache', 'unexpected key "typ"'],
    ['required,type=secret,id=a', 'unexpected key "required" for type=bind'],
    ['target=/x,size=1', 'unexpected key "size" for type=bind'],
    ['type=tmpfs,size=1x', 'invalid value "1x" for size'],
    ['type=cache,mode=9', 'invalid value "9" for mode'],
    ['target=/x,uid=1', 'uid is not allowed for type=bind'],
    ['target=/x,ro=maybe', 'invalid value "maybe" for readonly'],
    ['type=secret,env=A', 'a secret needs id, source or target'],
    ['type=secret,id=a,source=b', 'a secret can not have both source and id'],
    ['type=secret,id=a,from=b', 'a secret can not have from'],
    ['target=/x,sharing=shared', 'sharing is for type=cache, not for type=bind'],
  ])('%s', (mount, message) => {
    expect(() => resolve(mount)).toThrow(
      expect.objectContaining({ code: 'FLAG_INVALID', message: `invalid --mount: ${message}` }),
    )
  })
})

test('the values of options have spans where these are certain', () => {
  const text = 'FROM a\nRUN --mount=type=bind,from=b,target=/x --mount="type=bind,from=b" x'
  const [, run] = parse(text).instructions
  if (run?.kind !== 'RUN') throw new Error('not a RUN')
  const spans = run.mounts.map(({ options }) => options.find(({ key }) => key === 'from')?.valueSpan)
  expect(spans.map((span) => span && text.slice(span.start, span.end))).toEqual(['b', undefined])
})
