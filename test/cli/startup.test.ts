// The modules that are loaded decide how fast a command starts: `import()` belongs where a feature begins that
// most builds do not need.
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../lib/cli')

/** The static imports of a module, without types and `import()`. */
function staticImports(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"`]*?\sfrom\s+)?'([^']+)'/gm)].map(
    (match) => match[1] ?? '',
  )
}

function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  for (const specifier of staticImports(file)) {
    const target = specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier
    if (seen.has(target)) continue
    seen.add(target)
    if (specifier.startsWith('.')) loadedWith(target, seen)
  }
  return seen
}

describe('what the command line loads', () => {
  test('for the version is one small module', () => {
    expect(
      [...loadedWith(join(root, 'main.ts'))]
        .filter((file) => !file.startsWith('node:'))
        .map((file) => relative(root, file)),
    ).toEqual(['version.ts'])
  })

  test('before a command is known has neither the library nor packages in it', () => {
    const loaded = [...loadedWith(join(root, 'run-command.ts'))]
    const outside = loaded.filter((file) => !file.startsWith(`${root}/`) && !file.startsWith('node:'))
    expect(outside).toEqual([])
    expect(loaded.filter((file) => file.includes('/commands/'))).toEqual([])
  })

  test('for a build has neither packages in it nor what asks registries, fetches, or runs commands', () => {
    const lib = resolve(root, '..')
    const loaded = [...loadedWith(join(root, 'commands/build.ts'))].filter((name) => !name.startsWith('node:'))
    expect(loaded.filter((name) => !name.startsWith('/'))).toEqual([])
    const modules = loaded.map((file) => relative(lib, file)).filter((file) => file !== 'registry/lazy-client.ts')
    expect(modules.filter((file) => /^(?:registry|http|context\/git)\//.test(file))).toEqual([])
    expect(modules).not.toContain('executor/run/worker-client.ts')
  })
})
