// A lock between processes: a socket that its holder listens on. The kernel releases it when the holder is killed.
import { rmSync, statSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { hasErrno } from '../../../base/errno.ts'

export interface Lock {
  release(): void
}

/** Milliseconds between two tries, as in BuildKit. */
const RETRY = 100
/** Milliseconds in which another process may still remove the socket. */
const SETTLE = 20

/** Takes the lock at a path; undefined if another process holds it. The path has at most 108 bytes: see unix(7). */
export async function tryLock(path: string): Promise<Lock | undefined> {
  for (;;) {
    const server = await listen(path)
    if (server) {
      const { ino } = statSync(path)
      // Another process that found the same dead socket may have removed ours in its place: then the lock is theirs.
      await wait(SETTLE)
      if (statSync(path, { throwIfNoEntry: false })?.ino === ino) return { release: () => server.close() }
      server.close()
    } else if (await isAlive(path)) {
      return undefined
    } else {
      rmSync(path, { force: true })
    }
  }
}

/** Waits for the lock and takes it. Calls `onWait` once if it has to wait. Rejects with the signal's reason. */
export async function lock(path: string, signal: AbortSignal, onWait: () => void = () => {}): Promise<Lock> {
  for (let tried = 0; ; tried++) {
    const taken = await tryLock(path)
    if (taken) return taken
    if (tried === 0) onWait()
    await wait(RETRY, undefined, { signal })
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.unref()
    server.once('error', (error) => {
      if (hasErrno(error, 'EADDRINUSE')) resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => resolve(server))
  })
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // The connection was refused, or the socket has been removed.
    socket.once('error', () => resolve(false))
  })
}
