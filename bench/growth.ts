// How the cost of a build grows with its input: each shape is built at one size and at twice that size. Linear
// growth is a factor of 2.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchOptions } from './bench-options.ts'
import { measure } from './measure.ts'

const tsbuild = fileURLToPath(new URL('../bin/tsbuild.js', import.meta.url))

interface Shape {
  readonly name: string
  readonly size: number
  /** Fills an empty directory with a context of a size, and returns the further arguments of the command line. */
  readonly make: (directory: string, size: number) => string
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)

const SHAPES: readonly Shape[] = [
  {
    name: 'instructions that only change the config',
    size: 2000,
    make: (directory, size) => {
      const lines = range(size / 4).map((i) => `ENV A${i}=$A${i - 1}x\nLABEL l${i}=$A1\nEXPOSE ${i + 1}\nARG b${i}=$A1`)
      return dockerfile(directory, `FROM scratch\n${lines.join('\n')}\n`)
    },
  },
  {
    name: 'instructions that make layers',
    size: 1000,
    make: (directory, size) => {
      writeFileSync(join(directory, 'file'), 'content')
      return dockerfile(
        directory,
        `FROM scratch\n${range(size)
          .map((i) => `COPY file /d/${i}\n`)
          .join('')}`,
      )
    },
  },
  {
    name: 'stages, each copying from the one before',
    size: 500,
    make: (directory, size) => {
      writeFileSync(join(directory, 'file'), 'content')
      const stages = range(size).map((i) => `FROM scratch AS s${i + 1}\nCOPY --from=s${i} /f${i} /f${i + 1}\n`)
      return dockerfile(directory, `FROM scratch AS s0\nCOPY file /f0\n${stages.join('')}`)
    },
  },
  {
    name: 'stages, each built on the one before',
    size: 500,
    make: (directory, size) => {
      const stages = range(size).map((i) => `FROM s${i} AS s${i + 1}\nENV A${i}=1\nLABEL l${i}=1\n`)
      return dockerfile(directory, `FROM scratch AS s0\n${stages.join('')}`)
    },
  },
  {
    name: 'files in one directory',
    size: 150_000,
    make: (directory, size) => {
      mkdirSync(join(directory, 'd'))
      for (const i of range(size)) writeFileSync(join(directory, 'd', `file-${i}`), '')
      return dockerfile(directory, 'FROM scratch\nCOPY . /\n')
    },
  },
  {
    name: 'layers of a base',
    // A smaller size would cost less than the noise of the machine.
    size: 400,
    make: (directory, size) => {
      const files = range(100).map((i) => `COPY <<x /base/$N/${i}\n${i}\nx`)
      const layers = range(size).map((i) => files[i % 100]?.replace('$N', String(i % 7)))
      writeFileSync(join(directory, 'Base'), `FROM scratch\n${layers.join('\n')}\n`)
      return dockerfile(directory, 'FROM base\nCOPY --from=base /base/1 /copy\nWORKDIR /base/2/x\n')
    },
  },
]

/** Prints a Markdown table of CPU seconds, without those for starting the program. */
export async function growth({ runs, directory }: BenchOptions): Promise<void> {
  const idle = await cpuOf((one) => dockerfile(one, 'FROM scratch\n'), directory, runs)
  console.log('\n| growth | n | CPU of n | CPU of 2n | ratio |\n| --- | ---: | ---: | ---: | ---: |')
  for (const { name, size, make } of SHAPES) {
    const [once = 0, twice = 0] = [
      (await cpuOf((at) => make(at, size), directory, runs)) - idle,
      (await cpuOf((at) => make(at, 2 * size), directory, runs)) - idle,
    ]
    console.log(`| ${name} | ${size} | ${once.toFixed(2)} s | ${twice.toFixed(2)} s | ${(twice / once).toFixed(2)} |`)
  }
}

/** The minimum of several runs from an empty store, since other load on the machine only adds to it. */
async function cpuOf(make: (directory: string) => string, directory: string, runs: number): Promise<number> {
  const context = join(directory, 'growth')
  rmSync(context, { recursive: true, force: true })
  mkdirSync(context, { recursive: true })
  const flags = make(context)
  const times: number[] = []
  for (const _ of range(runs)) {
    const store = join(directory, 'growth-store')
    rmSync(store, { recursive: true, force: true })
    const program = `node ${tsbuild} --store ${store} --progress quiet`
    if (existsSync(join(context, 'Base'))) {
      await measure(`${program} -f ${context}/Base -t base ${context}`)
    }
    times.push((await measure(`${program} ${flags} ${context}`)).cpuSeconds)
  }
  return Math.min(...times)
}

/** The Dockerfile is beside the context, so that it is not part of it. */
function dockerfile(context: string, text: string): string {
  const file = join(dirname(context), 'growth.Dockerfile')
  writeFileSync(file, text)
  return `-f ${file}`
}
