// What the native helper can do in a place, as it says itself.
import { attempt } from '../attempt.ts'
import type { Probe } from '../types.ts'

export interface HelperAbilities {
  /** Namespaces and mounts: without them there is no back-end. */
  readonly namespaces: boolean
  /** A new /proc. */
  readonly proc: boolean
  /** A network of its own. */
  readonly network: boolean
  /** Answering system calls about owners; needs Linux 5.14. */
  readonly ownership: boolean
  readonly probes: readonly Probe[]
}

const NAMES = {
  namespaces: 'native helper: namespaces',
  proc: 'native helper: new /proc',
  network: 'native helper: network of its own',
  ownership: 'native helper: virtual owners',
} as const

/** To be asked in the process that runs commands, in its place. Takes a few milliseconds; never rejects. */
export async function probeHelper(path: string): Promise<HelperAbilities> {
  const { output, message: words } = await attempt([path, 'probe'])
  const said = new Map(output.split('\n').map((line) => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']))
  const answer = (name: keyof typeof NAMES): string => said.get(name) ?? (words === '' ? 'it says nothing' : words)
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
