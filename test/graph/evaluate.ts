// Creates graphs for tests: from a text, with images injected.
import { failOnErrors } from '../../lib/errors.ts'
import { createGraph } from '../../lib/graph/create-graph.ts'
import type { GraphOptions } from '../../lib/graph/graph-options.ts'
import type { Graph } from '../../lib/graph/types.ts'
import type { ContainerConfig, Platform } from '../../lib/oci/types.ts'
import { parse } from '../../lib/parser/index.ts'

const amd64: Platform = { os: 'linux', architecture: 'amd64' }

export interface EvaluateOptions extends Partial<GraphOptions> {
  /** The configs of the images that there are, by name. */
  readonly images?: Readonly<Record<string, ContainerConfig>>
}

export async function evaluate(text: string, options: EvaluateOptions = {}): Promise<Graph> {
  const { images = {}, ...rest } = options
  const dockerfile = parse(text, { name: 'Dockerfile' })
  failOnErrors(dockerfile.file, dockerfile.diagnostics)
  return createGraph(dockerfile, {
    buildPlatform: amd64,
    resolve: (name) => {
      const config = images[name]
      if (!config) return Promise.reject(new Error(`no image ${name} in this test`))
      const digest = `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}` as const
      const image = { ...amd64, config, rootfs: { type: 'layers', diff_ids: [] } } as const
      return Promise.resolve({
        kind: 'image',
        image: { name, descriptor: { mediaType: '', digest, size: 1 }, config: image },
      })
    },
    ...rest,
  })
}
