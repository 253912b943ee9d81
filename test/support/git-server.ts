// Git repositories for tests, and a server for them on loopback: git's own CGI program behind node:http.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './temporary-directory.ts'

export interface TestRepository {
  readonly directory: string
  /** Runs git in it and gives what it prints. */
  git(...args: string[]): string
  /** Writes files (a value `{ link }` is a symlink) and commits everything; gives the commit. */
  commit(files: Readonly<Record<string, string | { readonly link: string }>>, message?: string): string
}

/** 2020-01-02T03:04:05Z */
export const COMMIT_TIME = 1577934245

export function makeRepository(directory: string): TestRepository {
  mkdirSync(directory, { recursive: true })
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_DATE: `${COMMIT_TIME} +0000`,
    GIT_COMMITTER_DATE: `${COMMIT_TIME} +0000`,
  }
  const config = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always']
  const git = (...args: string[]): string =>
    execFileSync('git', [...config, ...args], { cwd: directory, env, encoding: 'utf8', stdio: 'pipe' }).trim()
  git('init', '-q', '-b', 'main')
  return {
    directory,
    git,
    commit: (files, message = 'change') => {
      for (const [path, content] of Object.entries(files)) {
        const file = join(directory, path)
        mkdirSync(dirname(file), { recursive: true })
        if (typeof content === 'string') writeFileSync(file, content)
        else symlinkSync(content.link, file)
      }
      git('add', '-A')
      git('commit', '-q', '--allow-empty', '-m', message)
      return git('rev-parse', 'HEAD')
    },
  }
}

export interface GitServer {
  /** `http://127.0.0.1:PORT`; repositories are at `/NAME/.git`. */
  readonly url: string
  /** Where repositories are made. */
  readonly root: string
  /** `METHOD path?query` of the requests so far. */
  readonly requests: string[]
}

/**
 * Serves the repositories below a new directory until the test ends. `old` repositories serve advertised refs
 * only. With `authorization`, requests need exactly that header.
 */
export async function startGitServer(
  options: { readonly old?: boolean; readonly authorization?: string } = {},
): Promise<GitServer> {
  const root = temporaryDirectory()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push(`${request.method} ${request.url}`)
    if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
      return
    }
    const cgi = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: 'safe.directory',
        GIT_CONFIG_VALUE_0: '*',
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        REQUEST_METHOD: request.method,
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        HTTP_GIT_PROTOCOL: options.old ? '' : String(request.headers['git-protocol'] ?? ''),
        REMOTE_ADDR: '127.0.0.1',
      },
    })
    request.pipe(cgi.stdin)
    // A client that goes away closes the pipe.
    cgi.stdin.on('error', () => {})
    let head = Buffer.alloc(0)
    let started = false
    cgi.stdout.on('data', (chunk: Buffer) => {
      if (started) {
        response.write(chunk)
        return
      }
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      started = true
      for (const line of head.subarray(0, end).toString().split('\r\n')) {
        const [name = '', value = ''] = line.split(/: (.*)/s)
        if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.write(head.subarray(end + 4))
    })
    cgi.on('close', () => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, root, requests }
}
