// The media types of OCI images, and Docker's equivalents (image-spec media-types.md#compatibility-matrix).

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip'
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd'
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'
export const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
export const DOCKER_LAYER_ZSTD = 'application/vnd.docker.image.rootfs.diff.tar.zstd'

/** The compression of a layer blob. */
export type Compression = 'uncompressed' | 'gzip' | 'zstd'

const OCI_LAYER_OF: Readonly<Record<Compression, string>> = {
  uncompressed: OCI_LAYER,
  gzip: OCI_LAYER_GZIP,
  zstd: OCI_LAYER_ZSTD,
}

const LAYERS: ReadonlyMap<string, Compression> = new Map([
  [OCI_LAYER, 'uncompressed'],
  [OCI_LAYER_GZIP, 'gzip'],
  [OCI_LAYER_ZSTD, 'zstd'],
  [DOCKER_LAYER, 'uncompressed'],
  [DOCKER_LAYER_GZIP, 'gzip'],
  [DOCKER_LAYER_ZSTD, 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'uncompressed'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar', 'uncompressed'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
])

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST
}

export function isConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG
}

/** The compression that a layer's media type announces; undefined for the media type of anything else. */
export function compressionOf(mediaType: string): Compression | undefined {
  return LAYERS.get(mediaType)
}

/** The OCI media type of a layer. */
export function layerMediaType(compression: Compression): string {
  return OCI_LAYER_OF[compression]
}

/** The OCI equivalent of a Docker media type; any other media type unchanged. */
export function toOciType(mediaType: string): string {
  if (mediaType === DOCKER_INDEX) return OCI_INDEX
  if (mediaType === DOCKER_MANIFEST) return OCI_MANIFEST
  if (mediaType === DOCKER_CONFIG) return OCI_CONFIG
  const compression = mediaType.startsWith('application/vnd.docker.') ? compressionOf(mediaType) : undefined
  return compression ? layerMediaType(compression) : mediaType
}
