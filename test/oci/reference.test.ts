import { expect, test } from 'vitest'
import {
  familiarReference,
  formatReference,
  normaliseName,
  parseReference,
  withDefaultTag,
} from '../../lib/oci/reference.ts'

const D = `sha256:${'a1'.repeat(32)}`

test.each([
  // written, full, familiar
  ['app', 'docker.io/library/app:latest', 'app:latest'],
  ['app:1.2', 'docker.io/library/app:1.2', 'app:1.2'],
  ['me/app', 'docker.io/me/app:latest', 'me/app:latest'],
  ['a/b/c', 'docker.io/a/b/c:latest', 'a/b/c:latest'],
  ['library/app', 'docker.io/library/app:latest', 'app:latest'],
  ['docker.io/app', 'docker.io/library/app:latest', 'app:latest'],
  ['index.docker.io/app', 'docker.io/library/app:latest', 'app:latest'],
  ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['ghcr.io/app', 'ghcr.io/app:latest', 'ghcr.io/app:latest'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/app', 'localhost:5000/app:latest', 'localhost:5000/app:latest'],
  ['host:5000/a/b:t', 'host:5000/a/b:t', 'host:5000/a/b:t'],
  ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
  ['Host/app', 'Host/app:latest', 'Host/app:latest'],
  ['xn--n3h.com/app:tag-with.dots_1', 'xn--n3h.com/app:tag-with.dots_1', 'xn--n3h.com/app:tag-with.dots_1'],
  [`app@${D}`, `docker.io/library/app@${D}`, `app@${D}`],
  [`app:1@${D}`, `docker.io/library/app:1@${D}`, `app:1@${D}`],
  ['a__b/c-d--e/f.g', 'docker.io/a__b/c-d--e/f.g:latest', 'a__b/c-d--e/f.g:latest'],
  ['app:5000', 'docker.io/library/app:5000', 'app:5000'],
])('%s is %s, shown as %s', (text, full, familiar) => {
  const reference = withDefaultTag(parseReference(text))
  expect(formatReference(reference)).toBe(full)
  expect(familiarReference(reference)).toBe(familiar)
  expect(normaliseName(familiar)).toBe(full)
  expect(normaliseName(full)).toBe(full)
})

test.each([
  ['', /empty/],
  ['App', /lower-case/],
  ['me/App:1', /lower-case/],
  [':tag', /not a repository name/],
  ['app:', /"" is not a tag/],
  ['app:-x', /not a tag/],
  [`app:${'t'.repeat(129)}`, /not a tag/],
  ['app@sha256:12', /not a digest/],
  ['app@', /not a digest/],
  ['https://host/app', /scheme/],
  ['-app', /not a repository name/],
  ['a//b', /not a repository name/],
  ['a..b', /not a repository name/],
  ['a___b', /not a repository name/],
  ['../../etc/passwd', /not a host name/],
  ['a b', /not a repository name/],
  ['app\n', /not a repository name/],
  ['ho_st.com/app', /not a host name/],
  ['host:port/app', /not a host name/],
  ['a1'.repeat(32), /64 hex digits/],
  [`${'a'.repeat(256)}`, /longer than 255/],
])('%j is refused', (text, message) => {
  expect(() => parseReference(text)).toThrow(message)
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }))
})

test('the hint for an upper-case name is the lower-case one', () => {
  expect(() => parseReference('App:V1')).toThrow(expect.objectContaining({ hint: 'did you mean "app:v1"?' }))
})

test('a name of a hundred thousand characters is refused at once, without its text in the message', () => {
  const started = performance.now()
  expect(() => parseReference(`${'a-'.repeat(50_000)}!`)).toThrow(/^invalid image name "[a-]{60}": it is too long$/)
  expect(performance.now() - started).toBeLessThan(100)
})
