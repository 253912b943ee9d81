import { expect, test } from 'vitest'
import { fillTemplate, isWholeManifest, parseTemplate } from '../../../lib/cli/imagetools/template.ts'

const data = {
  name: 'app:1',
  manifest: {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: 'sha256:1',
    size: 7,
    manifests: [{ platform: { os: 'windows', 'os.version': '10.1' } }, { digest: 'sha256:2' }],
    annotations: { 'a.b': 'c' },
  },
  image: { 'linux/amd64': { rootfs: { diff_ids: ['sha256:3'] }, config: { Env: ['A=1'] } } },
}

test.each<[string, string]>([
  ['', ''],
  ['just text', 'just text'],
  ['{{.Name}}', 'app:1'],
  ['{{ .Name }}: {{.Manifest.Digest}}!', 'app:1: sha256:1!'],
  ['{{json .Name}}', '"app:1"'],
  ['{{json .Manifest.Annotations}}', '{\n  "a.b": "c"\n}'],
  ['{{index .Manifest.Annotations "a.b"}}', 'c'],
  ['{{index .Manifest.Annotations `a.b`}}', 'c'],
  ['{{(index .Manifest.Manifests 1).Digest}}', 'sha256:2'],
  ['{{(index .Manifest.Manifests 0).Platform.OSVersion}}', '10.1'],
  ['{{json (index .Image "linux/amd64").RootFS.DiffIDs}}', '[\n  "sha256:3"\n]'],
  ['{{.Manifest.Size}} {{.Manifest.Author}}', '7 '],
  ['{{json .Manifest.Author}}', 'null'],
  ['{{json .}}', JSON.stringify(data, undefined, 2)],
])('%s', (format, filled) => {
  expect(fillTemplate(parseTemplate(format), data)).toBe(filled)
})

test.each<[string, string, RegExp]>([
  ['{{range .Manifest.Manifests}}{{.Digest}}{{end}}', 'UNSUPPORTED', /does not support "{{range /],
  ['{{.Name | json}}', 'UNSUPPORTED', /it has fields, index and json$/],
  ['{{}}', 'UNSUPPORTED', /does not support/],
  ['{{index .Image}}', 'UNSUPPORTED', /does not support/],
  ['{{(index .Image "x"}}', 'UNSUPPORTED', /does not support/],
  ['{{json .SBOM}}', 'OPTION_INVALID', /no field \.SBOM: it has \.Name, \.Manifest and \.Image$/],
])('%s is refused', (format, code, message) => {
  expect(() => parseTemplate(format)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test('an object has to be written as JSON', () => {
  expect(() => fillTemplate(parseTemplate('{{ .Manifest.Manifests }}'), data)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', hint: 'write it as {{json .Manifest.Manifests }}' }),
  )
})

test.each([
  ['{{.Manifest}}', true],
  [' {{ .Manifest }}\n', true],
  ['{{json .Manifest}}', false],
  ['x{{.Manifest}}', false],
])('%j means what is shown without a template: %s', (format, whole) => {
  expect(isWholeManifest(format)).toBe(whole)
})
