import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findProgram } from '../../../lib/base/find-program.ts'
import { run } from '../../support/run.ts'
import { succeed } from '../tsbuild.ts'

const PROGRAMS = [
  'sh',
  'cat',
  'chmod',
  'chown',
  'ln',
  'mkdir',
  'mknod',
  'mv',
  'rm',
  'stat',
  'touch',
  'env',
  'setpriv',
  'setcap',
  'getcap',
]

/** A small image with programs of the machine and the libraries that they load, as an OCI layout below a directory. */
export async function glibcBase(directory: string): Promise<string> {
  const context = join(directory, 'glibc-context')
  const root = join(context, 'root')
  for (const name of ['etc', 'tmp', 'bin']) mkdirSync(join(root, name), { recursive: true })
  for (const name of PROGRAMS) {
    const path = findProgram(name)
    if (path === undefined) throw new Error(`no program ${name}`)
    copy(path, join(root, 'bin', name))
    for (const [library] of run('ldd', [path]).matchAll(/\/\S+/g)) copy(library, join(root, library))
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n')
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY root /\n')
  const layout = join(directory, 'glibc')
  await succeed(['-o', `type=oci,dest=${layout},tar=false`, context], { store: join(directory, 'glibc-store') })
  return layout
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
}
