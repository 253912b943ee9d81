import { onTestFinished } from 'vitest'
import { openRegistryClient, type RegistryClient } from '../../lib/registry/client.ts'
import { credentialKey } from '../../lib/registry/hosts.ts'

export interface TestRegistryClient extends RegistryClient {
  /** The waits asked for, in milliseconds; none was waited for. */
  readonly waits: number[]
}

/** A client that knows nothing of this machine's user, and never really waits. */
export function registryClient(env: Readonly<Record<string, string>> = {}): TestRegistryClient {
  const waits: number[] = []
  const client = openRegistryClient({
    env: { HOME: '/nonexistent', ...env },
    wait: async (milliseconds) => {
      waits.push(milliseconds)
    },
  })
  onTestFinished(() => client.close())
  return { ...client, waits }
}

/** An environment with a user's credentials. */
export function withUser(domain: string, username: string, password: string): Record<string, string> {
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  return { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [credentialKey(domain)]: { auth } } }) }
}
