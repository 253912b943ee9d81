// The imports between rooms. The rules stand in docs/architecture.md (rooms) and docs/dependencies.md (npm packages),
// and are read from there.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const lib = join(root, 'lib')

interface Import {
  readonly file: string
  readonly specifier: string
  /** The names between braces, without `type`; empty for other forms of import. */
  readonly names: readonly string[]
}

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const statement =
  /(?:^|\n)\s*(?:import|export)\b([^'"`;]*?)\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g
const imports = files.flatMap((file): Import[] =>
  [...readFileSync(join(lib, file), 'utf8').matchAll(statement)].map((match) => ({
    file,
    specifier: match[2] ?? match[3] ?? match[4] ?? '',
    names: (match[1]?.match(/\{([^}]*)\}/)?.[1] ?? '')
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  })),
)
const internal = imports
  .filter(({ specifier }) => specifier.startsWith('.'))
  .map((found) => ({ ...found, target: relative(lib, resolve(lib, dirname(found.file), found.specifier)) }))

/** The rows of the first table after a heading cell `first`, as cells without backquotes. */
function tableOf(page: string, first: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(root, 'docs', page), 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${first} |`)) + 2
  const end = lines.findIndex((line, index) => index >= start && !line.startsWith('|'))
  return lines.slice(start, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

/** The room of a module: its folder, or its name for a module at the top of lib/. */
const roomOf = (file: string): string => file.split('/')[0]?.replace(/\.ts$/, '') ?? ''

/** The names that an export list passes on, by the module that they come from. */
function listedIn(list: string): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(internal.filter(({ file }) => file === list).map(({ target, names }) => [target, new Set(names)]))
}

/** The public API, and the names that only the command line may use besides. */
const lists = { index: listedIn('index.ts'), internal: listedIn('internal/index.ts') }

/**
 * Loading a list loads all of its modules, so a command may import a module of a list directly: that counts as
 * an import of the list.
 */
function importedRoom({ file, target, names }: (typeof internal)[number]): string {
  const room = roomOf(target)
  if (roomOf(file) !== 'cli' || room === 'base') return room
  const isIn = (list: keyof typeof lists): boolean => names.every((name) => lists[list].get(target)?.has(name))
  if (names.length > 0 && isIn('index')) return 'index'
  return names.length > 0 && isIn('internal') ? 'internal' : room
}

test('each internal name is used by the command line, and is not public', () => {
  const used = new Set(imports.filter(({ file }) => file.startsWith('cli/')).flatMap(({ names }) => names))
  const isPublic = new Set([...lists.index.values()].flatMap((names) => [...names]))
  const names = [...lists.internal.values()].flatMap((each) => [...each])
  expect(names.length).toBeGreaterThan(0)
  expect(names.filter((name) => !used.has(name) || isPublic.has(name))).toEqual([])
})

test('every room imports the rooms of its row in the architecture, and no others', () => {
  const documented = tableOf('architecture.md', 'room').map(([room = '', , imported = '']) => [
    room.replace(/\/$/, ''),
    imported === 'nothing' ? [] : imported.split(', ').sort(),
  ])
  const found = new Map(files.map((file) => [roomOf(file), new Set<string>()]))
  for (const each of internal) {
    const to = importedRoom(each)
    if (to !== roomOf(each.file)) found.get(roomOf(each.file))?.add(to)
  }
  expect(Object.fromEntries([...found].map(([room, to]) => [room, [...to].sort()]))).toEqual(
    Object.fromEntries(documented),
  )
})

test('each npm package has its home', () => {
  const homes = new Map(
    tableOf('dependencies.md', 'package').map(([name = '', home = '']) => [
      name.split(' ')[0],
      home.split(', ').map((path) => path.replace('lib/', '')),
    ]),
  )
  const external = imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
  const nameOf = (specifier: string): string => specifier.split('/')[0] ?? ''
  const broken = external.filter(
    ({ file, specifier }) => !homes.get(nameOf(specifier))?.some((home) => file.startsWith(home)),
  )
  expect(broken).toEqual([])
  expect([...new Set(external.map(({ specifier }) => nameOf(specifier)))].sort()).toEqual([...homes.keys()].sort())
})

test('the parser and what it uses is pure: no node: modules, no packages', () => {
  const pure = new Set(files.filter((file) => file.startsWith('parser/')))
  for (const file of pure) {
    for (const found of internal) if (found.file === file) pure.add(found.target)
  }
  expect([...pure].map(roomOf).filter((room) => room !== 'parser' && room !== 'base')).toEqual([])
  expect(imports.filter(({ file, specifier }) => pure.has(file) && !specifier.startsWith('.'))).toEqual([])
})

/** Each way round that a graph has, as `a → b → a`. */
function cyclesOf(arrows: Iterable<readonly [from: string, to: string]>): readonly string[] {
  const graph = new Map<string, Set<string>>()
  for (const [from, to] of arrows) graph.set(from, (graph.get(from) ?? new Set()).add(to))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) {
      cycles.push([...path.slice(path.indexOf(node)), node].join(' → '))
      return
    }
    if (done.has(node)) return
    for (const next of graph.get(node) ?? []) visit(next, [...path, node])
    done.add(node)
  }
  for (const node of graph.keys()) visit(node, [])
  return cycles
}

test('files have no cycles', () => {
  expect(cyclesOf(internal.map(({ file, target }) => [file, target]))).toEqual([])
})

test('the folders of a folder have no cycles', () => {
  const folders = new Set(['', ...files.map((file) => dirname(file)).filter((folder) => folder !== '.')])
  const cycles = [...folders].flatMap((folder) => {
    const start = folder === '' ? '' : `${folder}/`
    /** The folder inside `folder` that a module is in; undefined for modules elsewhere and for those directly in it. */
    const inside = (file: string): string | undefined =>
      file.startsWith(start) && file.slice(start.length).includes('/')
        ? `${start}${file.slice(start.length).split('/')[0]}`
        : undefined
    const arrows = internal.flatMap(({ file, target }): [string, string][] => {
      const from = inside(file)
      const to = inside(target)
      return from === undefined || to === undefined || from === to ? [] : [[from, to]]
    })
    return cyclesOf(arrows)
  })
  expect(cycles).toEqual([])
})

test('a folder holds some twenty modules, but for the lists of rules and commands', () => {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  const lists = new Set(['lint/rules', 'cli/commands'])
  expect([...counts].filter(([folder, count]) => count > 22 && !lists.has(folder))).toEqual([])
})
