// The public API as text and as data, read from the export lists and the modules that they name. No type
// checker is needed, because every exported name has explicit types (isolatedDeclarations).
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '..')

/** One name of the public API. */
export interface PublicName {
  readonly name: string
  /** The module that declares it, relative to the repository. */
  readonly file: string
  /** The declarations without comments and without members marked `@internal`, as in the .d.ts files of the package. */
  readonly declaration: string
  /** The text of its documentation comment, without asterisks. */
  readonly comment: string
  /** The code blocks below `@example`. */
  readonly examples: readonly string[]
  readonly kind: 'type' | 'function' | 'value'
}

interface Origin {
  readonly file: string
  readonly name: string
}

/** The names that an entry point exports, sorted. */
export function publicNames(entry: string): readonly PublicName[] {
  return [...exportsOf(join(root, entry))]
    .map(([name, origin]) => describe(name, origin))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The page that git has of the public API, so that a review sees each change. */
export function apiReport(): string {
  const parser = publicNames('lib/parser/index.ts')
  const known = new Set(parser.map(({ name }) => name))
  const rest = publicNames('lib/index.ts').filter(({ name }) => !known.has(name))
  const section = (title: string, names: readonly PublicName[]): string =>
    `## ${title}\n\n${names.length} names: functions first, then values and types.\n\n\`\`\`ts\n${[
      'function',
      'value',
      'type',
    ]
      .flatMap((kind) => names.filter((each) => each.kind === kind))
      .map(({ declaration }) => `${declaration.replaceAll('    ', '  ')}\n`)
      .join('\n')}\`\`\`\n`
  return [
    '# API report\n\nThe public API with its types, made from `lib/index.ts` by `npm run api`. A test compares it, so every change of the surface is in a diff.\n',
    'Documentation and examples are in the source, and as pages in `docs/api` after `npm run docs:api`.\n',
    section('@tsbuild/tsbuild', rest),
    section('@tsbuild/tsbuild/parser, and part of @tsbuild/tsbuild', parser),
  ].join('\n')
}

const sources = new Map<string, ts.SourceFile>()

function sourceOf(file: string): ts.SourceFile {
  const known = sources.get(file) ?? ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true)
  sources.set(file, known)
  return known
}

/** Follows export lists down to the modules that declare. */
function exportsOf(file: string): Map<string, Origin> {
  const found = new Map<string, Origin>()
  for (const statement of sourceOf(file).statements) {
    if (ts.isExportDeclaration(statement)) {
      const from = statement.moduleSpecifier
      const target =
        from && ts.isStringLiteral(from) ? exportsOf(resolve(dirname(file), from.text)) : new Map<string, Origin>()
      if (!statement.exportClause) for (const [name, origin] of target) found.set(name, origin)
      else if (ts.isNamedExports(statement.exportClause))
        for (const { name, propertyName } of statement.exportClause.elements) {
          const origin = target.get((propertyName ?? name).text)
          if (!origin) throw new Error(`${relative(root, file)} exports ${name.text}, which is not declared`)
          found.set(name.text, origin)
        }
    } else for (const name of namesOf(statement)) if (isExported(statement)) found.set(name, { file, name })
  }
  return found
}

function describe(name: string, origin: Origin): PublicName {
  const own = sourceOf(origin.file).statements.filter((statement) => namesOf(statement).includes(origin.name))
  const [first] = own
  if (!first) throw new Error(`${origin.file} does not declare ${origin.name}`)
  const comment = commentOf(first)
  const text = declarationsOf(origin.file)
    .statements.filter((statement) => namesOf(statement).includes(origin.name))
    .map((statement) => printer.printNode(ts.EmitHint.Unspecified, statement, declarationsOf(origin.file)))
    .join('\n')
  return {
    name,
    file: relative(root, origin.file),
    declaration: name === origin.name ? text : `// exported as ${name}\n${text}`,
    comment,
    examples: [...(comment.split('@example')[1] ?? '').matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code),
    kind: ts.isFunctionDeclaration(first)
      ? 'function'
      : ts.isInterfaceDeclaration(first) || ts.isTypeAliasDeclaration(first)
        ? 'type'
        : 'value',
  }
}

const printer = ts.createPrinter({ removeComments: true })
const declarations = new Map<string, ts.SourceFile>()

function declarationsOf(file: string): ts.SourceFile {
  const known = declarations.get(file)
  if (known) return known
  const { outputText } = ts.transpileDeclaration(sourceOf(file).text, {
    fileName: file,
    reportDiagnostics: false,
    compilerOptions: { isolatedDeclarations: true, stripInternal: true, target: ts.ScriptTarget.ES2023 },
  })
  const made = ts.createSourceFile(file.replace(/\.ts$/, '.d.ts'), outputText, ts.ScriptTarget.ES2023, true)
  declarations.set(file, made)
  return made
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    !!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  )
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []))
  if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  )
    return statement.name ? [statement.name.text] : []
  return []
}

function commentOf(statement: ts.Statement): string {
  const text = statement.getSourceFile().text
  const range = (ts.getLeadingCommentRanges(text, statement.pos) ?? []).findLast(({ pos }) =>
    text.startsWith('/**', pos),
  )
  if (!range) return ''
  return text
    .slice(range.pos + 3, range.end - 2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim()
}
