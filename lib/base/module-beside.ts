import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The path of a module that another process or thread starts with: `name` beside the module whose `import.meta.url`
 * is given, with the same extension. The module is one of the entry points in scripts/bundle.ts, so it has a file in
 * dist/.
 */
export function moduleBeside(name: string, url: string): string {
  return fileURLToPath(new URL(`./${name}${extname(url)}`, url))
}
