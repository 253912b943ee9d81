import type { LayerCompression } from '../layers/layer-sink.ts'

/** The encoding that a step's layer needs: that of an output which takes the layer unchanged, else any that exists. */
export type WantedEncoding = LayerCompression | 'any'
