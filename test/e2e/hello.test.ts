import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLayout, validateImage } from '../../lib/index.ts'
import { requires } from '../support/requires.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { copyOfFixture, fixtures, succeed, tsbuild } from './tsbuild.ts'

const hello = join(fixtures, 'hello')

test('the README’s first command builds an image and says what it made', async () => {
  const store = temporaryDirectory()
  const { stderr } = await succeed([hello], { store })
  expect(stderr).toMatch(/COPY hello\.txt \//)
  expect(stderr).toMatch(/sha256:[0-9a-f]{64}/)
})

test('the same build again does nothing, says CACHED, and gives the same image', async () => {
  const store = temporaryDirectory()
  const first = await succeed(['-q', hello], { store })
  const second = await succeed(['-q', hello], { store })
  expect(second.stdout).toBe(first.stdout)
  const third = await succeed(['--progress=plain', hello], { store })
  expect(third.stderr).toMatch(/CACHED/)
  expect(third.stderr).not.toMatch(/DONE/)
})

test('--no-cache runs the steps again', async () => {
  const store = temporaryDirectory()
  await succeed([hello], { store })
  const { stderr } = await succeed(['--no-cache', '--progress=plain', hello], { store })
  expect(stderr).not.toMatch(/CACHED/)
})

test('--no-cache-filter runs the steps of a stage again, and no others', async () => {
  const store = temporaryDirectory()
  const context = temporaryDirectory()
  const stages = ['one', 'Two'].map((name) => `FROM scratch AS ${name}\nCOPY Dockerfile /${name}\n`)
  writeFileSync(join(context, 'Dockerfile'), [...stages, 'FROM one', 'COPY --from=two / /two', ''].join('\n'))
  await succeed([context], { store })
  const { stderr } = await succeed(['--no-cache-filter', 'TWO', '--progress=plain', context], { store })
  const done = (name: string): string[] => {
    const id = stderr.match(new RegExp(`^#(\\d+) \\[${name} `, 'm'))?.[1]
    return stderr.split('\n').filter((line) => line.startsWith(`#${id} `) && /CACHED|DONE/.test(line))
  }
  expect(done('one')).toEqual([expect.stringMatching(/CACHED$/)])
  expect(done('two')).toEqual([expect.stringMatching(/DONE/)])
  const unknown = await tsbuild(['--no-cache-filter', 'one,tow', context], { store })
  expect(unknown).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /warning: there is no stage named "tow" \[TARGET_UNKNOWN\]\n(?:#\d+ )?hint: did you mean "two"\?/,
    ),
  })
})

test('every image is valid by our own validator', async () => {
  const store = temporaryDirectory()
  const out = join(temporaryDirectory(), 'layout')
  await succeed(['-o', `type=oci,dest=${out},tar=false`, hello], { store })
  const layout = openLayout(out)
  expect(await validateImage(layout, layout.find())).toMatchObject({ valid: true, problems: [] })
})

test.skipIf(!requires('skopeo'))('skopeo reads and copies each form of output', async () => {
  const store = temporaryDirectory()
  const out = temporaryDirectory()
  const outputs = [
    `type=oci,dest=${out}/oci.tar`,
    `type=oci,dest=${out}/layout,tar=false`,
    `type=docker,dest=${out}/docker.tar,name=hello:1`,
  ]
  await succeed([...outputs.flatMap((output) => ['-o', output]), '-t', 'hello:1', hello], { store })
  for (const source of [`oci-archive:${out}/oci.tar`, `oci:${out}/layout`, `docker-archive:${out}/docker.tar`]) {
    expect(JSON.parse(run('skopeo', ['inspect', '--config', source]))).toMatchObject({
      config: { Cmd: ['/hello.txt'] },
    })
  }
  run('skopeo', ['copy', '-q', `docker-archive:${out}/docker.tar`, `oci:${out}/copied:1`])
  expect(JSON.parse(run('skopeo', ['inspect', `oci:${store}:hello:1`]))).toMatchObject({
    Os: 'linux',
  })
})

test.skipIf(!requires('umoci'))('umoci unpacks the image to the files that were copied', async () => {
  const store = temporaryDirectory()
  const out = temporaryDirectory()
  await succeed(['-o', `type=oci,dest=${out}/layout,tar=false,name=hello:1`, hello], { store })
  const [entry] = openLayout(join(out, 'layout')).manifests
  const tag = entry?.annotations?.['org.opencontainers.image.ref.name'] ?? 'latest'
  run('umoci', [
    'unpack',
    ...(process.getuid?.() === 0 ? [] : ['--rootless']),
    '--image',
    `${out}/layout:${tag}`,
    `${out}/bundle`,
  ])
  expect(readdirSync(join(out, 'bundle/rootfs'))).toEqual(['hello.txt'])
  expect(readFileSync(join(out, 'bundle/rootfs/hello.txt'))).toEqual(readFileSync(join(hello, 'hello.txt')))
})

test('files can be had as a directory and as a tar, without an image in between', async () => {
  const store = temporaryDirectory()
  const out = temporaryDirectory()
  await succeed(['-o', `${out}/files`, '-o', `type=tar,dest=${out}/files.tar`, hello], { store })
  expect(readFileSync(join(out, 'files/hello.txt'))).toEqual(readFileSync(join(hello, 'hello.txt')))
  expect(run('tar', ['-tf', join(out, 'files.tar')])).toBe('hello.txt\n')
})

test('-o - writes the files as a tar to standard output', async () => {
  const store = temporaryDirectory()
  const { stdout } = await succeed(['-o', '-', hello], { store })
  expect(stdout).toContain('hello.txt')
  expect(stdout).toContain(readFileSync(join(hello, 'hello.txt'), 'utf8'))
})

test('a missing source names the line, and nothing is written', async () => {
  const store = temporaryDirectory()
  const context = copyOfFixture('static-site')
  const out = join(temporaryDirectory(), 'image.tar')
  const { code, stderr } = await tsbuild(
    ['-o', `type=oci,dest=${out}`, '-f', join(fixtures, 'errors/hidden-source.Dockerfile'), context],
    { store },
  )
  expect(code).toBe(1)
  expect(stderr).toMatch(/hidden-source\.Dockerfile:2:6: error: .*public\/drafts\/next\.html.*COPY_SOURCE_NOT_FOUND/)
  expect(stderr).toMatch(/line 5 of .*\.dockerignore/)
  expect(existsSync(out)).toBe(false)
})

test('where no command can be run, that is said before anything is built, with all that was tried', async () => {
  const store = temporaryDirectory()
  const args = ['--isolation=proot', '-f', join(fixtures, 'errors/run.Dockerfile'), hello]
  const { code, stderr } = await tsbuild(args, { store, env: { TSBUILD_PROOT: '/nonexistent' } })
  expect(code).toBe(1)
  expect(stderr).toMatch(/error: --isolation=proot does not work here\n {2}proot: .*\[SANDBOX_UNAVAILABLE\]/)
  expect(stderr).not.toMatch(/COPY hello.txt/)
})
