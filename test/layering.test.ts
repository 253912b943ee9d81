// Who may import whom. The table is the one in docs/architecture.md.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const lib = resolve(import.meta.dirname, '../lib')

/** Folder (or `top` for the files that put the folders together, `base` for what everything may use) → what it may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  parser: [],
  oci: [],
  graph: ['parser', 'oci'],
  lint: ['parser'],
  layers: ['oci'],
  http: [],
  registry: ['http', 'oci'],
  sandbox: ['oci'],
  cache: ['oci'],
  context: ['layers', 'oci', 'http'],
  export: ['layers', 'oci'],
  executor: ['graph', 'registry', 'context', 'layers', 'cache', 'http', 'sandbox', 'oci'],
  top: ['registry', 'executor', 'export', 'graph', 'lint', 'parser', 'context', 'layers', 'cache', 'sandbox', 'oci'],
  index: [
    'top',
    'registry',
    'http',
    'executor',
    'export',
    'graph',
    'lint',
    'parser',
    'context',
    'layers',
    'cache',
    'sandbox',
    'oci',
  ],
  // What of it, is said below.
  cli: ['index', 'top', 'export'],
}
const BASE = [
  'build-options',
  'code-frame',
  'count',
  'errors',
  'events',
  'find-program',
  'format-size',
  'git-url',
  'input-limit',
  'module-beside',
  'shared-map',
  'source',
  'suggest',
  'unreachable',
]

/** npm package → the only modules that may import it. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  ssri: /^oci\/integrity\.ts$/,
  'tar-stream': /^layers\//,
  fzstd: /^layers\/inflate-zstd\.ts$/,
  'xz-decompress': /^layers\/inflate-portable\.ts$/,
  minimatch: /^(context|executor)\//,
  undici: /^http\//,
  'fs-extra': /^(cache|export)\//,
  'smol-toml': /^registry\/parse-toml\.ts$/,
  yargs: /^cli\/complet(?:e|ion)\.ts$/,
}

interface Import {
  readonly file: string
  readonly specifier: string
}

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const imports = files.flatMap((file): Import[] => {
  const text = readFileSync(join(lib, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
  )
  return [...found].map((match) => ({ file, specifier: match[1] ?? match[2] ?? match[3] ?? '' }))
})

function folderOf(file: string): string {
  const [first = '', second] = file.split('/')
  if (second !== undefined) return first
  const name = first.replace(/\.ts$/, '')
  return name === 'index' ? 'index' : BASE.includes(name) ? 'base' : 'top'
}

const targetOf = ({ file, specifier }: Import): string => relative(lib, resolve(lib, dirname(file), specifier))

test('every folder imports only what the architecture allows', () => {
  const broken = imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter((found) => {
      const from = folderOf(found.file)
      const to = folderOf(targetOf(found))
      return to !== 'base' && to !== from && !ALLOWED[from]?.includes(to)
    })
    .map((found) => `${found.file} → ${targetOf(found)}`)
  // build-options.ts is vocabulary: it names types of other folders and has no code.
  expect(broken.filter((line) => !/^(build-options|events)\.ts → (oci|context|export|sandbox)\//.test(line))).toEqual(
    [],
  )
})

test('the command line uses nothing that the library does not export', () => {
  const index = readFileSync(join(lib, 'index.ts'), 'utf8')
  const exported = new Map(
    [...index.matchAll(/export (?:type )?\{([^}]*)\} from '\.\/([^']+)'/g)].map(([, names = '', from = '']) => [
      from,
      names.split(',').map((name) => name.replace('type ', '').trim()),
    ]),
  )
  // Loading index.ts loads everything; what a command needs may come from where index.ts has it from.
  const broken = files
    .filter((file) => file.startsWith('cli/'))
    .flatMap((file) => {
      const text = readFileSync(join(lib, file), 'utf8')
      return [...text.matchAll(/import \{([^}]*)\} from '([^']+)'/g)].flatMap(([, names = '', specifier = '']) => {
        const from = targetOf({ file, specifier })
        if (!specifier.startsWith('.') || !['top', 'export'].includes(folderOf(from))) return []
        const known = exported.get(from) ?? []
        return names
          .split(',')
          .flatMap((name) => (known.includes(name.trim()) || name.trim() === '' ? [] : `${file}: ${name}`))
      })
    })
  expect(broken).toEqual([])
})

test('each npm package has its home', () => {
  const external = imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
  const broken = external.filter(({ file, specifier }) => {
    const name = specifier.split('/')[0] ?? ''
    return !PACKAGES[name]?.test(file)
  })
  expect(broken).toEqual([])
  const used = new Set(external.map(({ specifier }) => specifier.split('/')[0]))
  expect([...used].sort()).toEqual(Object.keys(PACKAGES).sort())
})

test('the parser and what it uses is pure: no node: modules, no packages', () => {
  const pure = new Set(['source.ts', 'errors.ts', 'code-frame.ts', 'suggest.ts', 'unreachable.ts'])
  const broken = imports
    .filter(({ file }) => file.startsWith('parser/') || pure.has(file))
    .filter((found) => {
      if (!found.specifier.startsWith('.')) return true
      const target = targetOf(found)
      return !target.startsWith('parser/') && !pure.has(target)
    })
  expect(broken).toEqual([])
})

test('there are no cycles', () => {
  const graph = new Map<string, string[]>()
  for (const found of imports) {
    if (found.specifier.startsWith('.')) graph.set(found.file, [...(graph.get(found.file) ?? []), targetOf(found)])
  }
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  expect(cycles).toEqual([])
})
