// A directory copied onto a base and exported as a gzip-compressed OCI archive: tsbuild, the raw pipe that nobody can do without (tar,
// two hashes, pigz), and buildah.
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writeBaseLayout } from './base-layout.ts'
import type { BenchOptions } from './bench-options.ts'
import { generateLargeFiles } from './generate-large-files.ts'
import { generateTree } from './generate-tree.ts'
import { type Measurement, measure } from './measure.ts'
import { missingCommand } from './missing-command.ts'
import { formatTable } from './report.ts'

interface Contender {
  readonly name: string
  /** Why it can't take part, if so. */
  readonly missing: string | undefined
  readonly script: string
  readonly output: string
  readonly env: Readonly<Record<string, string>>
}

const PIPE = 'raw pipe'

/** 50,000 small files, 200 MB. */
export async function copySmall(options: BenchOptions): Promise<void> {
  const tree = join(options.directory, 'copy-small')
  generateTree(tree, { files: 50_000, meanSize: 4096, minDepth: 3, maxDepth: 8 })
  await copyTree('50,000 files', tree, options)
}

/** 1 GiB in files of 10 MiB, every second one as good as random. */
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
  const able = contenders.filter(({ missing }) => missing === undefined)
  for (const { name, missing } of contenders) if (missing) console.log(`without ${name}: ${missing}`)
  const series = able.map((contender) => ({ ...contender, runs: [] as Measurement[], outputBytes: 0 }))
  // Interleaved, so that what else the machine does hits all alike.
  for (let run = 0; run < runs; run++) {
    for (const one of series) {
      rmSync(work, { recursive: true, force: true })
      mkdirSync(work, { recursive: true })
      writeFileSync(dockerfile, `FROM ${one.name === 'buildah' ? `oci:${base}:latest` : 'base'}\nCOPY . /app\n`)
      one.runs.push(await measure(one.script, one.env))
      one.outputBytes = statSync(one.output).size
    }
  }
  rmSync(work, { recursive: true, force: true })
  console.log(`\n${what} copied onto a base, gzip level 6; medians of ${runs} interleaved runs\n`)
  console.log(formatTable(series, PIPE))
}

function tsbuild(tree: string, work: string, base: string, dockerfile: string): Contender {
  const root = resolve(import.meta.dirname, '..')
  const output = join(work, 'tsbuild.tar')
  return {
    name: 'tsbuild',
    missing: existsSync(join(root, 'dist/cli/main.js')) ? undefined : 'dist/ is not built: npm run build',
    script: `node ${root}/bin/tsbuild.js build -q -f ${dockerfile} --build-context base=oci-layout://${base} \\
      -o type=oci,dest=${output},compression=gzip,compression-level=6 ${tree}`,
    output,
    env: { TSBUILD_HOME: join(work, 'home') },
  }
}

function rawPipe(tree: string, work: string): Contender {
  const output = join(work, 'pipe.tar.gz')
  return {
    name: PIPE,
    missing: missingCommand('tar', 'pigz', 'openssl', 'mkfifo'),
    // Fifos and not >(…), which bash doesn't wait for.
    script: `cd ${work}; mkfifo plain packed
      openssl sha256 < plain & openssl sha256 < packed &
      tar -c --sort=name -C ${tree} . | tee plain | pigz -6 | tee packed > ${output}`,
    output,
    env: {},
  }
}

function buildah(tree: string, work: string, dockerfile: string): Contender {
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
