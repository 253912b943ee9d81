// The part of an archive that `docker load` and `podman load` read: manifest.json, as `docker save` writes it.
import { digestPath } from '../oci/digest.ts'
import { jsonBytes } from '../oci/json.ts'
import { familiarReference, parseReference } from '../oci/reference.ts'
import type { ArchivedImage } from './archived-image.ts'

/** The bytes of manifest.json: for each image its config, its names and its layers, as paths in the archive. */
export function dockerManifest(images: readonly ArchivedImage[]): Uint8Array {
  return jsonBytes(images.map(dockerEntry))
}

function dockerEntry({ image, names }: ArchivedImage): { Config: string; RepoTags: string[]; Layers: string[] } {
  return {
    Config: digestPath(image.manifest.config.digest),
    RepoTags: names.map((name) => familiarReference(parseReference(name))),
    Layers: image.manifest.layers.map((layer) => digestPath(layer.digest)),
  }
}
