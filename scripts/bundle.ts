// Bundles the modules of lib/ to the JavaScript files of dist/: to find and open hundreds of modules takes
// longer than to run them.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const lib = join(root, 'lib')
const dist = join(root, 'dist')

/**
 * The entry points, each a file of dist/ with the same name: the library, the command line, and programs that
 * other processes run.
 */
export const entryPoints: readonly string[] = [
  'index',
  'parser/index',
  'cli/main',
  'executor/worker/worker-main',
  'sandbox/doctor/examine-main',
]

/** Replaces dist/ by the bundle of lib/, without declarations. Packages stay external, and names are kept. */
export async function bundle(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints.map((name) => join(lib, `${name}.ts`)),
    outbase: lib,
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    // The licence of code that is compiled in must stay.
    legalComments: 'inline',
    plugins: [moduleURLs],
    write: false,
  })
  rmSync(dist, { recursive: true, force: true })
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, placeURLs(text, path))
  }
}

/**
 * `import.meta.url` stays as if dist/ had a file for each module, whichever file the module is in. So a module
 * finds a program beside it, or the package.json above it, in lib/ and in dist/ in the same way. A bundler that makes
 * CommonJS of dist/ leaves it undefined.
 */
const moduleURLs: Plugin = {
  name: 'module-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const own = relative(lib, path).split(sep).join('/').replace(/ts$/, 'js')
      const text = readFileSync(path, 'utf8')
      return {
        contents: text.replaceAll(
          'import.meta.url',
          `(import.meta.url && new URL("dist:${own}", import.meta.url).href)`,
        ),
        loader: 'ts',
      }
    })
  },
}

/** Resolves `dist:` after esbuild has decided which file the module goes to. */
function placeURLs(text: string, path: string): string {
  const up = relative(dirname(path), dist).split(sep).join('/') || '.'
  return text.replaceAll('new URL("dist:', `new URL("${up}/`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle()
