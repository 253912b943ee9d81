// Asks the native helper what it can do in the worker's namespaces.
import { attempt } from '../attempt.ts'
import type { Probe } from '../types.ts'

export interface HelperAbilities {
  /** Namespaces and mounts: without them the helper is no back-end. */
  readonly namespaces: boolean
  /** Whether it may mount a new /proc. */
  readonly proc: boolean
  /** Whether it can make a network namespace. */
  readonly network: boolean
  /** Whether it can answer system calls about owners, which needs Linux 5.14. */
  readonly ownership: boolean
  readonly probes: readonly Probe[]
}

/** The name of the probe for {@link HelperAbilities.ownership}. */
export const VIRTUAL_OWNERS = 'native helper: virtual owners'

const NAMES = {
  namespaces: 'native helper: namespaces',
  proc: 'native helper: new /proc',
  network: 'native helper: network of its own',
  ownership: VIRTUAL_OWNERS,
} as const

/** Call it in the worker, in the worker's namespaces. Takes a few milliseconds; never rejects. */
export async function probeHelper(path: string): Promise<HelperAbilities> {
  const { output, message } = await attempt([path, 'probe'])
  const reported = new Map(output.split('\n').map((line) => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']))
  const answer = (name: keyof typeof NAMES): string =>
    reported.get(name) ?? (message === '' ? 'the helper does not report it' : message)
  const probes = (Object.keys(NAMES) as (keyof typeof NAMES)[]).map((name): Probe => {
    const ok = answer(name) === 'ok'
    return { name: NAMES[name], ok, detail: ok ? 'works' : answer(name) }
  })
  const able = (name: keyof typeof NAMES): boolean => answer(name) === 'ok'
  return {
    namespaces: able('namespaces'),
    proc: able('proc'),
    network: able('network'),
    ownership: able('ownership'),
    probes,
  }
}
