// `--mount=type=ssh`: forwards a socket of the step to the host's ssh agent. The agent's own socket is often in a
// directory that the step's user can't reach.
import { chmodSync, chownSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { join, relative } from 'node:path'
import type { RequestedMount } from '../protocol.ts'
import { type MountingStep, type MountSource, type Owner, ownedSource } from './mount-source.ts'

/** Makes a socket with this name that is forwarded to the agent of a mount until `cleanups` run. */
export async function agentSource(
  mount: Extract<RequestedMount, { kind: 'ssh' }>,
  name: string,
  { directory, context, cleanups }: MountingStep,
): Promise<MountSource> {
  const path = join(directory, name)
  const owner = context.owners ? mount : undefined
  // A relative path is short enough for a socket: see unix(7).
  cleanups.add(await forwardAgent(relative('.', path), mount.socket, { owner, mode: mount.mode }))
  return ownedSource({ path, kind: 'file' }, mount)
}

/** Forwards connections to a socket at `path` to the agent's socket. The returned function ends that. */
async function forwardAgent(
  path: string,
  agent: string,
  { owner, mode }: { readonly owner: Owner | undefined; readonly mode: number },
): Promise<() => void> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = createConnection(agent)
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket)
      socket.pipe(other)
      // An agent that is gone looks to the step like one that hangs up.
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.end()
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  if (owner) chownSync(path, owner.uid, owner.gid)
  chmodSync(path, mode)
  return () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
}
