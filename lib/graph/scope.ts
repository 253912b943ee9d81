import type { Scope } from './types.ts'

export interface ScopeChange {
  readonly variables: readonly (readonly [name: string, value: string])[]
  readonly user: string
  readonly workdir: string
}

interface Link {
  readonly previous: Scope | undefined
  readonly variables: ScopeChange['variables']
}

const links = new WeakMap<Scope, Link>()

/**
 * What is in force after a change to what was. The same scope if nothing changed; else one that holds only the change, so that
 * thousands of instructions cost as much as what they set. The map is put together when it is first asked for.
 */
export function nextScope(previous: Scope | undefined, change: ScopeChange): Scope {
  const { variables, user, workdir } = change
  if (previous && variables.length === 0 && user === previous.user && workdir === previous.workdir) return previous
  let env: ReadonlyMap<string, string> | undefined
  const scope: Scope = {
    user,
    workdir,
    get env() {
      env ??= variables.length === 0 && previous ? previous.env : collect(scope)
      return env
    },
  }
  links.set(scope, { previous, variables })
  return scope
}

function collect(last: Scope): Map<string, string> {
  const changes: ScopeChange['variables'][] = []
  for (let scope: Scope | undefined = last; scope; scope = links.get(scope)?.previous) {
    changes.push(links.get(scope)?.variables ?? [])
  }
  return new Map(changes.reverse().flat())
}
