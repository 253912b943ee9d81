import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The file of a module that another process or thread is to start with: `name` beside the module whose `import.meta.url` is given, in the
 * language that that one is in. It is one of the entry points in scripts/bundle.ts, which is why it has a file in dist/.
 */
export function moduleBeside(name: string, url: string): string {
  return fileURLToPath(new URL(`./${name}${extname(url)}`, url))
}
