import { expect, test } from 'vitest'
import { csvFields } from '../../lib/export/csv-fields.ts'
import type { Output } from '../../lib/export/output.ts'
import { parseOutput } from '../../lib/export/parse-output.ts'

test.each<[string, Output]>([
  ['out', { type: 'local', dest: 'out' }],
  ['./out/dir', { type: 'local', dest: './out/dir' }],
  ['file.tar', { type: 'local', dest: 'file.tar' }],
  ['a=b', { type: 'local', dest: 'a=b' }],
  ['-', { type: 'tar', dest: '-' }],
  ['type=local,dest=out', { type: 'local', dest: 'out' }],
  ['dest=out,type=local', { type: 'local', dest: 'out' }],
  ['type=tar,dest=root.tar', { type: 'tar', dest: 'root.tar' }],
  ['type=tar', { type: 'tar', dest: '-' }],
  ['type=oci,dest=x', { type: 'oci', dest: 'x' }],
  ['type=oci', { type: 'oci', dest: '-' }],
  ['TYPE=oci, DEST=x', { type: 'oci', dest: 'x' }],
  ['type=oci,dest=x,tar=false', { type: 'oci', dest: 'x', tar: false }],
  ['type=oci,dest=x,tar=1', { type: 'oci', dest: 'x', tar: true }],
  ['type=oci,dest=x,tar=', { type: 'oci', dest: 'x' }],
  ['type=oci,"dest=a,b.tar"', { type: 'oci', dest: 'a,b.tar' }],
  ['type=oci,"dest=a""b"', { type: 'oci', dest: 'a"b' }],
  ['type=oci,dest=x=y', { type: 'oci', dest: 'x=y' }],
  ['type=oci,dest=x,name=app:1', { type: 'oci', dest: 'x', name: 'app:1' }],
  ['type=oci,dest=x,"name=app:1,app:2"', { type: 'oci', dest: 'x', name: 'app:1,app:2' }],
  ['type=oci,dest=x,compression=uncompressed', { type: 'oci', dest: 'x', compression: { algorithm: 'uncompressed' } }],
  [
    'type=oci,dest=x,compression=gzip,compression-level=9',
    { type: 'oci', dest: 'x', compression: { algorithm: 'gzip', level: 9 } },
  ],
  [
    'type=docker,dest=-,compression-level=1',
    { type: 'docker', dest: '-', compression: { algorithm: 'gzip', level: 1 } },
  ],
  ['type=docker,dest=x,tar=true', { type: 'docker', dest: 'x' }],
  ['type=registry', { type: 'registry' }],
  ['type=registry,push=true,"name=a:1,b"', { type: 'registry', name: 'a:1,b' }],
  ['type=image,name=a,push=true', { type: 'registry', name: 'a' }],
  [
    'type=image,name=a,push-by-digest=true,name-canonical=true,push=true',
    { type: 'registry', name: 'a', pushByDigest: true },
  ],
  ['type=registry,push-by-digest=false,name-canonical=false', { type: 'registry' }],
  ['type=registry,name=a,compression=gzip', { type: 'registry', name: 'a', compression: { algorithm: 'gzip' } }],
  ['type=oci,dest=x,oci-mediatypes=true,push=false', { type: 'oci', dest: 'x' }],
  ['type=oci,dest=x,rewrite-timestamp=true', { type: 'oci', dest: 'x' }],
])('%s', (value, output) => {
  expect(parseOutput(value)).toEqual(output)
})

test.each<[string, string, RegExp, string | undefined]>([
  ['', 'OUTPUT_INVALID', /empty/, undefined],
  ['dest=x,tar=false', 'OUTPUT_INVALID', /type is missing/, 'write it as in type=oci,dest=app.tar'],
  ['type=,dest=x', 'OUTPUT_INVALID', /type is missing/, 'write it as in type=oci,dest=app.tar'],
  ['type=oic,dest=x', 'OUTPUT_INVALID', /unknown type "oic"/, 'did you mean "oci"?'],
  ['type=oci,dst=x', 'OUTPUT_INVALID', /unknown key "dst"/, 'did you mean "dest"?'],
  ['type=oci,dest=x,compresion=gzip', 'OUTPUT_INVALID', /unknown key/, 'did you mean "compression"?'],
  ['type=oci,dest=x,compression=gzp', 'OUTPUT_INVALID', /unknown compression/, 'did you mean "gzip"?'],
  ['type=oci,dest=x,compression-level=10', 'OUTPUT_INVALID', /0 to 9/, undefined],
  ['type=oci,dest=x,compression=uncompressed,compression-level=1', 'OUTPUT_INVALID', /does not apply to/, undefined],
  [
    'type=oci,dest=x,compression=zstd',
    'UNSUPPORTED',
    /compression=zstd/,
    'use compression=gzip or compression=uncompressed',
  ],
  ['type=oci,dest=x,tar=maybe', 'OUTPUT_INVALID', /true or false/, undefined],
  ['type=oci,tar=false', 'OUTPUT_INVALID', /dest is missing/, 'add dest=DIR'],
  ['type=oci,tar=false,dest=-', 'OUTPUT_INVALID', /standard output/, undefined],
  ['type=oci,dest=x,name=App', 'REFERENCE_INVALID', /lower-case/, 'did you mean "app"?'],
  ['type=local', 'OUTPUT_INVALID', /dest is missing/, 'add dest=DIR'],
  ['type=local,dest=-', 'OUTPUT_INVALID', /standard output/, undefined],
  ['type=local,dest=x,compression=gzip', 'OUTPUT_INVALID', /compression does not apply to type=local/, undefined],
  ['type=local,dest=x,platform-split=maybe', 'OUTPUT_INVALID', /true or false/, undefined],
  ['type=oci,dest=x,platform-split=true', 'UNSUPPORTED', /platform-split=true/, undefined],
  ['type=oci,dest', 'OUTPUT_INVALID', /expected key=value, got "dest"/, undefined],
  ['a,b', 'OUTPUT_INVALID', /expected key=value/, undefined],
  [
    'type=docker',
    'UNSUPPORTED',
    /without dest/,
    'write an archive with dest=FILE, or pipe it: -o type=docker,dest=- | docker load',
  ],
  ['type=docker,dest=x,tar=false', 'UNSUPPORTED', /tar=false/, 'type=oci,tar=false writes a directory'],
  ['type=registry,dest=x', 'OUTPUT_INVALID', /unknown key "dest"/, undefined],
  ['type=registry,tar=true', 'OUTPUT_INVALID', /tar does not apply to type=registry/, undefined],
  ['type=registry,push-by-digest=no', 'OUTPUT_INVALID', /push-by-digest must be true or false/, undefined],
  ['type=registry,push=false', 'UNSUPPORTED', /push=false/, undefined],
  [
    'type=image',
    'UNSUPPORTED',
    /type=image/,
    'use -t NAME to keep the image in the local store, or type=registry to push it',
  ],
  ['type=oci,dest=x,push=true', 'UNSUPPORTED', /push=true/, undefined],
  ['type=oci,dest=x,rewrite-timestamp=false', 'UNSUPPORTED', /rewrite-timestamp=false/, undefined],
  ['type=oci,dest=x,annotation.a=b', 'UNSUPPORTED', /annotation\.a/, undefined],
  ['type=oci,"dest=x', 'OUTPUT_INVALID', /not closed/, undefined],
  ['type=oci,dest="x"', 'OUTPUT_INVALID', /quote inside/, undefined],
  ['type=oci,"dest=x"y', 'OUTPUT_INVALID', /after a closing quote/, undefined],
])('%s is refused', (value, code, message, hint) => {
  expect(() => parseOutput(value)).toThrow(message)
  expect(() => parseOutput(value)).toThrow(expect.objectContaining(hint === undefined ? { code } : { code, hint }))
})

test.each([
  ['', ['']],
  ['a', ['a']],
  ['a,', ['a', '']],
  [',', ['', '']],
  ['"",a', ['', 'a']],
  ['"a,""b""",c', ['a,"b"', 'c']],
  [' a , b', [' a ', ' b']],
])('the fields of %j are %j', (line, fields) => {
  expect(csvFields(line)).toEqual(fields)
})
