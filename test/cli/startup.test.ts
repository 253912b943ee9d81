// What is loaded before a command is known decides how fast `tsbuild --version` and `tsbuild --help` are.
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../lib/cli')

/** What a module imports when it is loaded: not types, not `import()`. */
function staticImports(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)].map(
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
})
