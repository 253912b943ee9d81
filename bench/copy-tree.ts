// Copies a directory onto a base and exports a gzip-compressed OCI archive: with tsbuild, with the minimal pipe
// of tools (tar, two hashes, pigz), and with buildah.
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writeBaseLayout } from './base-layout.ts'
import type { BenchOptions } from './bench-options.ts'
import { type Contender, compare } from './compare.ts'
import { generateLargeFiles } from './generate-large-files.ts'
import { generateTree } from './generate-tree.ts'
import { missingCommand } from './missing-command.ts'

interface Exporter extends Contender {
  readonly output: string
}

const PIPE = 'raw pipe'

/** 50,000 small files, 200 MB. */
export async function copySmall(options: BenchOptions): Promise<void> {
  const tree = join(options.directory, 'copy-small')
  generateTree(tree, { files: 50_000, meanSize: 4096, minDepth: 3, maxDepth: 8 })
  await copyTree('50,000 files', tree, options)
}

/** 1 GiB in files of 10 MiB, every second one incompressible. */
export async function copyLarge(options: BenchOptions): Promise<void> {
  const tree = join(options.directory, 'copy-large')
  generateLargeFiles(tree, { files: 102, size: 10 * 1024 * 1024 })
  await copyTree('1 GiB in files of 10 MiB, half incompressible', tree, options)
}

async function copyTree(what: string, tree: string, { runs, directory }: BenchOptions): Promise<void> {
  const work = join(directory, 'work')
  const base = join(directory, 'base')
  await writeBaseLayout(base)
  const dockerfile = join(directory, 'Dockerfile')
  const contenders = [tsbuild(tree, work, base, dockerfile), rawPipe(tree, work), buildah(tree, work, dockerfile)]
  await compare(contenders, {
    title: `${what} copied onto a base, gzip as small as level 6`,
    baseline: PIPE,
    runs,
    work,
    prepare: ({ name }) =>
      writeFileSync(dockerfile, `FROM ${name === 'buildah' ? `oci:${base}:latest` : 'base'}\nCOPY . /app\n`),
    outputBytes: ({ output }) => statSync(output).size,
  })
}

function tsbuild(tree: string, work: string, base: string, dockerfile: string): Exporter {
  const root = resolve(import.meta.dirname, '..')
  const output = join(work, 'tsbuild.tar')
  return {
    name: 'tsbuild',
    missing: existsSync(join(root, 'dist/cli/main.js')) ? undefined : 'dist/ is not built: npm run build',
    script: `node ${root}/bin/tsbuild.js build -q -f ${dockerfile} --build-context base=oci-layout://${base} \\
      -o type=oci,dest=${output},compression=gzip ${tree}`,
    output,
    env: { TSBUILD_HOME: join(work, 'home') },
  }
}

function rawPipe(tree: string, work: string): Exporter {
  const output = join(work, 'pipe.tar.gz')
  return {
    name: PIPE,
    missing: missingCommand('tar', 'pigz', 'openssl', 'mkfifo'),
    // Named pipes instead of >(…), because bash does not wait for those.
    script: `cd ${work}; mkfifo plain packed
      openssl sha256 < plain & openssl sha256 < packed &
      tar -c --sort=name -C ${tree} . | tee plain | pigz -6 | tee packed > ${output}`,
    output,
    env: {},
  }
}

function buildah(tree: string, work: string, dockerfile: string): Exporter {
  const output = join(work, 'buildah.tar')
  const command = `buildah --root ${work}/root --runroot ${work}/run --storage-driver vfs`
  const asRoot = process.getuid?.() === 0 ? undefined : 'not root, which its vfs driver with chroot isolation needs'
  return {
    name: 'buildah',
    missing: missingCommand('buildah') ?? asRoot,
    script: `${command} build --isolation chroot --layers=false -t bench -f ${dockerfile} ${tree} &&
      ${command} push bench oci-archive:${output}:bench`,
    output,
    env: {},
  }
}
