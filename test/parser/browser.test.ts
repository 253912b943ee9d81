import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requires } from '../support/requires.ts'

const dist = resolve(import.meta.dirname, '../../dist')
const profile = mkdtempSync(join(tmpdir(), 'tsbuild-browser-'))
const requests: string[] = []
let server: Server

const script = `
  import { expandWord, parse, stringify } from './parser/index.js'
  const text = 'FROM node:22 AS Build\\nRUN <<EOF\\nhello\\nEOF\\nCOPY a b\\nRNU x\\n'
  const tree = parse(text)
  const result = {
    kinds: tree.instructions.map(({ kind }) => kind),
    stage: tree.stages[0].name,
    body: tree.instructions[1].heredocs[0].content,
    same: stringify(tree) === text,
    codes: tree.diagnostics.map(({ code }) => code),
    expanded: expandWord('\${A%.*}', new Map([['A', 'x.tar']])).value,
    node: typeof process,
  }
  document.title = 'done'
  document.body.textContent = JSON.stringify(result)
`

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    requests.push(path)
    if (path === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(`<!doctype html><title>running</title><body><script type="module">${script}</script>`)
    } else if (/^\/[\w/-]+\.js$/.test(path)) {
      response.setHeader('content-type', 'text/javascript')
      response.end(readFileSync(join(dist, path)))
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(profile, { recursive: true, force: true })
})

test.skipIf(!requires('chromium'))('the parser runs in a browser, from its own modules alone', async () => {
  const { port } = server.address() as AddressInfo
  const off = ['gpu', 'quic', 'background-networking', 'component-update', 'sync'].map((name) => `--disable-${name}`)
  const flags = ['--headless', '--no-sandbox', '--no-first-run', ...off, `--user-data-dir=${profile}`]
  const wait = ['--virtual-time-budget=10000', '--dump-dom']
  const { stdout } = await promisify(execFile)('chromium', [...flags, ...wait, `http://127.0.0.1:${port}/`], {
    timeout: 50_000,
  })
  expect(stdout).toContain('<title>done</title>')
  expect(JSON.parse(/<body>(.*)<\/body>/s.exec(stdout)?.[1] ?? '')).toEqual({
    kinds: ['FROM', 'RUN', 'COPY'],
    stage: 'build',
    body: 'hello\n',
    same: true,
    codes: ['INSTRUCTION_UNKNOWN'],
    expanded: 'x',
    node: 'undefined',
  })
  const modules = requests
    .filter((path) => path.endsWith('.js'))
    .flatMap((path) => readFileSync(join(dist, path), 'utf8').match(/(?<=^\/\/ lib\/).*(?=\.ts$)/gm) ?? [])
  expect(modules.length).toBeGreaterThan(20)
  expect(
    modules.filter((name) => !/^(parser\/.*|base\/(?:source|errors|code-frame|suggest|unreachable))$/.test(name)),
  ).toEqual([])
})
