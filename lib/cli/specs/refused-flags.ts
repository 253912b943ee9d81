import type { RefusedFlag } from '../command-spec.ts'

const LOAD = 'use `-o type=docker,dest=FILE`, then `docker load -i FILE`'

/** Flags of `docker buildx build` that tsbuild knows of and refuses: silence would look like success. */
export const REFUSED_BUILD_FLAGS: readonly RefusedFlag[] = [
  { name: 'annotation', kind: 'value', hint: 'use `--label` for what the image config can carry' },
  { name: 'attest', kind: 'value' },
  { name: 'builder', kind: 'value', hint: 'there is no daemon to choose: tsbuild builds in its own process' },
  {
    name: 'cache-from',
    kind: 'value',
    hint: 'the cache is in the store: keep its directory (`--store DIR`) between builds',
  },
  {
    name: 'cache-to',
    kind: 'value',
    hint: 'the cache is in the store: keep its directory (`--store DIR`) between builds',
  },
  { name: 'cgroup-parent', kind: 'value', hint: 'steps get the control group that the runtime makes for them' },
  { name: 'compress', kind: 'switch', harmless: ['false'] },
  { name: 'detach', kind: 'switch', harmless: ['false'] },
  { name: 'force-rm', kind: 'switch', harmless: ['false'] },
  { name: 'invoke', kind: 'value' },
  { name: 'load', kind: 'switch', harmless: ['false'], hint: LOAD },
  { name: 'policy', kind: 'value' },
  { name: 'print', kind: 'value', hint: '`tsbuild graph` shows stages and steps' },
  { name: 'provenance', kind: 'value', harmless: ['false'] },
  { name: 'rm', kind: 'switch', harmless: ['true'] },
  { name: 'sbom', kind: 'value', harmless: ['false'] },
  { name: 'security-opt', kind: 'value', hint: '`--isolation` chooses the sandbox' },
  { name: 'squash', kind: 'switch', harmless: ['false'] },
]
