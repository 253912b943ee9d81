import type { RefusedFlag } from '../command-spec.ts'

const LOAD = 'use `-o type=docker,dest=FILE`, then `docker load -i FILE`'

/**
 * Flags of `docker buildx build` that are unsupported. They are refused by name: to ignore them would look like
 * success.
 */
export const REFUSED_BUILD_FLAGS: readonly RefusedFlag[] = [
  { name: 'annotation', kind: 'value', hint: 'use `--label`, which goes to the image config' },
  { name: 'attest', kind: 'value' },
  {
    name: 'builder',
    kind: 'value',
    harmless: ['default'],
    hint: 'remove it: tsbuild has no builders, it builds in its own process',
  },
  { name: 'cgroup-parent', kind: 'value', hint: 'remove it: the runtime creates the control group of a step' },
  { name: 'compress', kind: 'switch', harmless: ['true', 'false'] },
  { name: 'detach', kind: 'switch', harmless: ['false'] },
  { name: 'force-rm', kind: 'switch', harmless: ['true', 'false'] },
  { name: 'invoke', kind: 'value' },
  { name: 'load', kind: 'switch', harmless: ['false'], hint: LOAD },
  { name: 'policy', kind: 'value' },
  { name: 'print', kind: 'value', hint: 'use `tsbuild graph`, which shows stages and steps' },
  { name: 'provenance', kind: 'value', harmless: ['false'] },
  { name: 'rm', kind: 'switch', harmless: ['true', 'false'] },
  { name: 'sbom', kind: 'value', harmless: ['false'] },
  { name: 'security-opt', kind: 'value', hint: 'use `--isolation` to choose the sandbox' },
  { name: 'squash', kind: 'switch', harmless: ['false'] },
]
