// Layers that hide files of the layers below, in a base image: their directories depend on those layers.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isRoot, staticBusybox } from '../support/programs.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { busyboxBase } from './busybox-base.ts'
import { succeed } from './tsbuild.ts'

const busybox = staticBusybox()

test.skipIf(busybox === undefined || !isRoot('unpacking layers'))('a RUN finds the files of its base', async () => {
  const directory = temporaryDirectory()
  const base = await busyboxBase(busybox ?? '', directory)
  const build = async (name: string, from: string, command: string): Promise<string> => {
    const [context, layout] = [join(directory, `${name}-context`), join(directory, name)]
    mkdirSync(context)
    writeFileSync(join(context, 'Dockerfile'), `FROM from\nRUN ${command}\n`)
    const words = ['--build-context', `from=oci-layout://${from}`, '-o', `type=oci,dest=${layout},tar=false`]
    await succeed([...words, context], { store: temporaryDirectory() })
    return layout
  }
  const hiding = await build('hiding', base, 'rm /etc/group && ln /etc/passwd /etc/shadow')
  await expect(
    build('above', hiding, 'test ! -e /etc/group && test -s /etc/shadow && rm /etc/shadow'),
  ).resolves.toContain('above')
})
