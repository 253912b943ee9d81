// An ssh agent's socket for a step: the host's own is often in a directory that the step's user can't reach.
import { chmodSync, chownSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'

/** Forwards connections to `path` (short: see unix(7)) to an agent's socket. The returned function ends it. */
export async function proxyAgent(
  path: string,
  agent: string,
  options: { readonly owner: { readonly uid: number; readonly gid: number } | undefined; readonly mode: number },
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
  if (options.owner) chownSync(path, options.owner.uid, options.owner.gid)
  chmodSync(path, options.mode)
  return () => {
    server.close()
    for (const socket of open) socket.destroy()
  }
}
