// 40 steps of `RUN true` on busybox measure the overhead of a step: tsbuild with each isolation that works
// here, and buildah.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writeBaseLayout } from './base-layout.ts'
import type { BenchOptions } from './bench-options.ts'
import { type Contender, compare } from './compare.ts'
import { missingCommand } from './missing-command.ts'

const STEPS = 40
const ISOLATIONS = ['oci', 'bwrap', 'userns'] as const

export async function runSteps({ runs, directory }: BenchOptions): Promise<void> {
  const [context, work, base] = [join(directory, 'run-steps'), join(directory, 'work'), join(directory, 'base')]
  if (!existsSync('/bin/busybox')) throw new Error('/bin/busybox is missing: install busybox-static')
  mkdirSync(context, { recursive: true })
  copyFileSync('/bin/busybox', join(context, 'busybox'))
  await writeBaseLayout(base)
  const contenders = [
    ...ISOLATIONS.map((isolation) => tsbuild(isolation, context, work, base)),
    withoutHelper(tsbuild('userns', context, work, base)),
    buildah(context, work),
  ]
  await compare(contenders, {
    title: `${STEPS} steps of RUN true`,
    baseline: 'buildah',
    runs,
    work,
    prepare: ({ name }) => {
      const from = name === 'buildah' ? `oci:${base}:latest` : 'base'
      writeFileSync(join(context, 'Dockerfile'), dockerfile(from))
    },
    outputBytes: () => 0,
  })
}

/** Every step differs, so that no cache helps. */
function dockerfile(from: string): string {
  const steps = Array.from({ length: STEPS }, (_, at) => `RUN ["/bin/busybox", "true", "${at}"]`)
  return [`FROM ${from}`, 'COPY busybox /bin/busybox', ...steps, ''].join('\n')
}

function tsbuild(isolation: string, context: string, work: string, base: string): Contender {
  const root = resolve(import.meta.dirname, '..')
  return {
    name: `tsbuild ${isolation}`,
    missing: existsSync(join(root, 'dist/cli/main.js')) ? unavailable(isolation) : 'dist/ is not built: npm run build',
    script: `node ${root}/bin/tsbuild.js build -q --isolation ${isolation} --build-context base=oci-layout://${base} ${context}`,
    env: { TSBUILD_HOME: join(work, 'home') },
  }
}

function withoutHelper(contender: Contender): Contender {
  const { name, env } = contender
  return { ...contender, name: `${name}, no helper`, env: { ...env, TSBUILD_SANDBOX_HELPER: '' } }
}

/** The reason why an isolation cannot take part, as `tsbuild doctor` reports it. */
function unavailable(isolation: string): string | undefined {
  const root = resolve(import.meta.dirname, '..')
  const { stdout } = spawnSync('node', [`${root}/bin/tsbuild.js`, 'doctor', '--json'], { encoding: 'utf8' })
  const { backends } = JSON.parse(stdout) as { readonly backends: readonly { readonly isolation: string }[] }
  return backends.some((backend) => backend.isolation === isolation) ? undefined : 'it does not work here'
}

function buildah(context: string, work: string): Contender {
  const command = `buildah --root ${work}/root --runroot ${work}/run`
  return {
    name: 'buildah',
    missing: missingCommand('buildah'),
    script: `${command} build --isolation chroot --layers -t bench ${context}`,
    env: {},
  }
}
