// Creates graphs for tests: from a text, with images injected.
import { failOnErrors } from '../../lib/base/errors.ts'
import { createGraph, createGraphs } from '../../lib/graph/create-graph.ts'
import type { GraphOptions } from '../../lib/graph/graph-options.ts'
import type { Graph } from '../../lib/graph/types.ts'
import type { ContainerConfig, Platform } from '../../lib/oci/types.ts'
import { parse } from '../../lib/parser/index.ts'
import type { Dockerfile } from '../../lib/parser/types.ts'

const amd64: Platform = { os: 'linux', architecture: 'amd64' }

export interface EvaluateOptions extends Partial<GraphOptions> {
  /** The configs of the images that there are, by name. */
  readonly images?: Readonly<Record<string, ContainerConfig>>
}

export async function evaluate(text: string, options: EvaluateOptions = {}): Promise<Graph> {
  return createGraph(parsed(text), graphOptions(options))
}

/** The graphs for several platforms. There is one image of a name for all of them. */
export async function evaluateAll(
  text: string,
  platforms: readonly Platform[],
  options: EvaluateOptions = {},
): Promise<readonly Graph[]> {
  return createGraphs(parsed(text), platforms, { ...graphOptions(options), observe: undefined })
}

function parsed(text: string): Dockerfile {
  const dockerfile = parse(text, { name: 'Dockerfile' })
  failOnErrors(dockerfile.file, dockerfile.diagnostics)
  return dockerfile
}

function graphOptions({ images = {}, ...rest }: EvaluateOptions): GraphOptions {
  return {
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
  }
}
