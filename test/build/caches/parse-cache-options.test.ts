import { expect, test } from 'vitest'
import { parseCacheFrom, parseCacheTo } from '../../../lib/build/caches/parse-cache-options.ts'

test.each([
  ['', []],
  ['app:1', [{ type: 'registry', ref: 'app:1' }]],
  [
    'app:1,ghcr.io/me/app',
    [
      { type: 'registry', ref: 'app:1' },
      { type: 'registry', ref: 'ghcr.io/me/app' },
    ],
  ],
  ['type=registry,ref=app:cache', [{ type: 'registry', ref: 'app:cache' }]],
  ['type=local,src=a', [{ type: 'local', src: 'a' }]],
  ['type=local,src=a,tag=main', [{ type: 'local', src: 'a', tag: 'main' }]],
  ['type=local,"src=a,b"', [{ type: 'local', src: 'a,b' }]],
])('--cache-from %j', (text, expected) => {
  expect(parseCacheFrom(text)).toEqual(expected)
})

test.each([
  ['', []],
  ['app:cache', [{ type: 'registry', ref: 'app:cache' }]],
  ['type=inline', [{ type: 'inline' }]],
  ['type=registry,ref=app:c,mode=max', [{ type: 'registry', ref: 'app:c', mode: 'max' }]],
  [
    'type=registry,ref=app:c,image-manifest=true,oci-mediatypes=true',
    [{ type: 'registry', ref: 'app:c', mode: 'min' }],
  ],
  ['type=registry,ref=app:c,ignore-error=false', [{ type: 'registry', ref: 'app:c', mode: 'min', ignoreError: false }]],
  [
    'type=registry,ref=app:c,compression=gzip,compression-level=9',
    [{ type: 'registry', ref: 'app:c', mode: 'min', compression: { algorithm: 'gzip', level: 9 } }],
  ],
  [
    'type=local,dest=d,tag=t,reset=true,keep=5,max-size=2gb',
    [{ type: 'local', dest: 'd', tag: 't', reset: true, mode: 'min', keep: 5, maxSize: 2 * 1024 ** 3 }],
  ],
])('--cache-to %j', (text, expected) => {
  expect(parseCacheTo(text)).toEqual(expected)
})

test.each([
  ['type=registry', 'OPTION_INVALID', 'ref is missing'],
  ['ref=app', 'OPTION_INVALID', 'type is missing'],
  ['type=regstry,ref=a', 'OPTION_INVALID', 'unknown type "regstry"'],
  ['type=registry,ref=a,mod=max', 'OPTION_INVALID', 'unknown key "mod"'],
  ['type=registry,ref=a,mode=all', 'OPTION_INVALID', 'mode must be min or max'],
  ['type=registry,ref=a,keep=0', 'OPTION_INVALID', 'keep must be a number'],
  ['type=registry,ref=a,max-size=big', 'OPTION_INVALID', 'max-size must be a size'],
  ['type=registry,ref=a,compression-level=11', 'OPTION_INVALID', 'compression-level must be 0 to 9'],
  ['type=registry,ref=a,ignore-error=maybe', 'OPTION_INVALID', 'ignore-error must be true or false'],
  ['type=registry,ref=a,"mode', 'OPTION_INVALID', 'is not closed'],
  ['type=inline,mode=max', 'OPTION_INVALID', 'unknown key "mode"'],
  ['type=registry,ref=A B', 'REFERENCE_INVALID', 'invalid image name'],
  ['type=registry,ref=a,image-manifest=false', 'UNSUPPORTED', 'always an image manifest'],
  ['type=registry,ref=a,oci-mediatypes=false', 'UNSUPPORTED', 'media types of OCI'],
  ['type=registry,ref=a,force-compression=true', 'UNSUPPORTED', 'stay as they are'],
  ['type=registry,ref=a,compression=zstd', 'UNSUPPORTED', 'compression=zstd'],
  ['type=gha', 'UNSUPPORTED', 'type=gha is not supported'],
])('--cache-to %j is refused with %s', (text, code, message) => {
  expect(() => parseCacheTo(text)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
})

test.each([
  ['type=inline', 'OPTION_INVALID', 'part of an image'],
  ['type=local', 'OPTION_INVALID', 'src is missing'],
  ['type=local,src=a,digest=sha256:1', 'OPTION_INVALID', 'is no digest'],
  ['type=registry,ref=a,mode=max', 'OPTION_INVALID', 'unknown key "mode"'],
  ['type=s3,bucket=b', 'UNSUPPORTED', 'type=s3 is not supported'],
])('--cache-from %j is refused with %s', (text, code, message) => {
  expect(() => parseCacheFrom(text)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  )
})
