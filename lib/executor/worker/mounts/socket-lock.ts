// A lock between processes that a kill releases: a socket that only its holder listens on.
import { rmSync, statSync } from 'node:fs'
import { createConnection, createServer, type Server } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { hasErrno } from '../../../base/errno.ts'

export interface Lock {
  release(): void
}

// As BuildKit waits for a cache that is in use.
const RETRY = 100
const SETTLE = 20

/** Takes the lock at a path, or returns undefined if somebody has it. The path must be short (108 bytes: see unix(7)). */
export async function tryLock(path: string): Promise<Lock | undefined> {
  for (;;) {
    const server = await listen(path)
    if (server) {
      const { ino } = statSync(path)
      // Whoever found the same dead socket may have removed ours for it: then it is theirs.
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

/** Waits until the lock is free and takes it; `onWait` is called if it isn't at once. Rejects with the signal's reason. */
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
    // Refused, or gone by now.
    socket.once('error', () => resolve(false))
  })
}
