import { TsbuildError } from './errors.ts'

/** The default limit in bytes: more than any sane context, less than a large disk. */
export const MAX_INPUT: number = 32 * 2 ** 30

/** The hint of errors about {@link inputLimit}. */
export const LIMIT_HINT: string = 'TSBUILD_MAX_INPUT sets another limit'

/**
 * The size limit, in bytes, of a JSON document that is read into memory: image configs, tag lists, an archive's
 * `manifest.json`.
 */
export const JSON_LIMIT: number = 8 << 20

/**
 * The size limit, in bytes, of a manifest or an index. distribution-spec: "registries should enforce some limit", of at
 * least 4 MiB.
 */
export const MANIFEST_LIMIT: number = 4 << 20

/**
 * The size limit, in bytes, of one input: an unpacked archive or layer, a download, a stream, a checkout.
 * `TSBUILD_MAX_INPUT` replaces {@link MAX_INPUT}: a number of bytes, or with `k`, `m`, `g` or `t`. Errors with
 * `OPTION_INVALID`.
 */
export function inputLimit(env: Readonly<Record<string, string | undefined>> = process.env): number {
  const text = env['TSBUILD_MAX_INPUT'] ?? ''
  if (text === '') return MAX_INPUT
  const [, digits = '', unit = ''] = /^(\d{1,15})([kmgt]?)b?$/i.exec(text) ?? []
  if (digits !== '') return Number(digits) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' ')
  throw new TsbuildError('OPTION_INVALID', `TSBUILD_MAX_INPUT can't be ${JSON.stringify(text)}`, {
    hint: 'a number of bytes, e.g. 500m or 64g',
  })
}

/** The chunks of a decoder, up to a limit. Errors with `ARCHIVE_TOO_LARGE`; `what` begins the message. */
export async function* limitInput<T extends Uint8Array>(
  source: AsyncIterable<T>,
  what: string,
  limit: number = inputLimit(),
): AsyncGenerator<T, void, undefined> {
  let size = 0
  for await (const chunk of source) {
    size += chunk.byteLength
    if (size > limit) {
      const message = `${what} has more than ${limit} bytes once it is unpacked`
      throw new TsbuildError('ARCHIVE_TOO_LARGE', message, { hint: LIMIT_HINT })
    }
    yield chunk
  }
}
