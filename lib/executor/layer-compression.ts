/** How the layers of the result are stored; layers of stages that are only copied from stay plain. */
export type LayerCompression =
  | { readonly algorithm: 'gzip'; readonly level: number }
  | { readonly algorithm: 'uncompressed' }

/** What a step needs of its layer: a certain compression where an output takes it as it is, else whatever is there. */
export type WantedEncoding = LayerCompression | 'any'
