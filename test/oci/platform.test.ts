import { expect, test } from 'vitest'
import {
  defaultPlatform,
  formatPlatform,
  matchPlatform,
  normalisePlatform,
  parsePlatform,
} from '../../lib/oci/platform.ts'

test.each([
  // written, parsed, normalised
  ['linux/amd64', 'linux/amd64', 'linux/amd64'],
  ['Linux/x86_64', 'linux/amd64', 'linux/amd64'],
  ['linux/x86-64/v1', 'linux/amd64', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3', 'linux/amd64/v3'],
  ['amd64', 'linux/amd64', 'linux/amd64'],
  ['aarch64', 'linux/arm64', 'linux/arm64'],
  ['linux/arm64', 'linux/arm64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/9', 'linux/arm64/v9', 'linux/arm64/v9'],
  ['linux/arm', 'linux/arm', 'linux/arm/v7'],
  ['linux/arm/v7', 'linux/arm/v7', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6', 'linux/arm/v6'],
  ['armhf', 'linux/arm', 'linux/arm/v7'],
  ['armel', 'linux/arm/v6', 'linux/arm/v6'],
  ['i386', 'linux/386', 'linux/386'],
  ['macos/arm64', 'darwin/arm64', 'darwin/arm64'],
  ['windows(10.0.17763)/amd64', 'windows/amd64', 'windows/amd64'],
  ['linux/s390x', 'linux/s390x', 'linux/s390x'],
  ['linux/unheard-of', 'linux/unheard-of', 'linux/unheard-of'],
])('%s is %s, normalised %s', (text, parsed, normalised) => {
  expect(formatPlatform(parsePlatform(text))).toBe(parsed)
  expect(formatPlatform(normalisePlatform(parsePlatform(text)))).toBe(normalised)
})

test.each([
  '',
  '/',
  'linux/',
  '/amd64',
  'linux/amd64/v1/x',
  'linux/amd64/',
  '*',
  'lin ux/amd64',
  'unheard-of',
  'linux(%zz)/amd64',
])('%j is refused', (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'PLATFORM_INVALID' }))
})

test('a misspelt platform gets a suggestion', () => {
  expect(() => parsePlatform('amd46')).toThrow(expect.objectContaining({ hint: 'did you mean "amd64"?' }))
})

test('the version and features of a system are kept', () => {
  expect(parsePlatform('windows(10.0+win32k)/amd64')).toEqual({
    os: 'windows',
    architecture: 'amd64',
    'os.version': '10.0',
    'os.features': ['win32k'],
  })
})

test('the default platform is Linux', () => {
  expect(defaultPlatform().os).toBe('linux')
})

test.each([
  // wanted, offered, chosen
  ['linux/amd64', 'linux/arm64 linux/amd64', 'linux/amd64'],
  ['linux/amd64', 'linux/arm64 linux/386', 'linux/386'],
  ['linux/amd64', 'linux/386 linux/amd64', 'linux/amd64'],
  ['linux/amd64', 'linux/amd64/v3', undefined],
  ['linux/amd64/v3', 'linux/amd64 linux/amd64/v2 linux/386', 'linux/amd64/v2'],
  ['linux/arm64', 'linux/arm/v7 linux/arm64/v8', 'linux/arm64/v8'],
  ['linux/arm64', 'linux/arm/v5 linux/arm/v7', 'linux/arm/v7'],
  ['linux/arm64/v9', 'linux/arm64/v8.5 linux/arm64/v8', 'linux/arm64/v8.5'],
  ['linux/arm/v7', 'linux/arm/v5 linux/arm/v6', 'linux/arm/v6'],
  ['linux/arm/v6', 'linux/arm/v7', undefined],
  ['linux/arm', 'linux/arm/v7', 'linux/arm/v7'],
  ['linux/386', 'linux/amd64', undefined],
  ['linux/riscv64', 'linux/riscv64', 'linux/riscv64'],
  ['linux/amd64', 'windows/amd64', undefined],
])('for %s among %s: %s', (wanted, offered, chosen) => {
  const available = offered.split(' ').map(parsePlatform)
  const found = available[matchPlatform(parsePlatform(wanted), available)]
  expect(found && formatPlatform(found)).toBe(chosen)
})

test('the first of equal platforms wins', () => {
  const amd64 = parsePlatform('linux/amd64')
  expect(matchPlatform(amd64, [amd64, amd64])).toBe(0)
})

test('a platform that needs features is only for those who have them', () => {
  const needs = { os: 'linux', architecture: 'amd64', 'os.features': ['gpu'] }
  const plain = { os: 'linux', architecture: 'amd64' }
  expect(matchPlatform(plain, [needs])).toBe(-1)
  expect(matchPlatform(needs, [plain, needs])).toBe(1)
})
