// The rounds of a soak. Each one disturbs builds, and then demands the right image of the same store.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { buildFuzzer, FUZZ_TARGETS, fuzz } from './fuzz-native.ts'
import { createLoopDisk, inAnotherBoot, loopDiskProblem } from './loop-disk.ts'
import { buildDigest, startBuild, startCommand } from './project.ts'

export interface RoundOptions {
  /** The directory of the build context. */
  readonly project: string
  /** An empty directory for the round. */
  readonly directory: string
  /** The digest of the right image. */
  readonly expected: string
  readonly random: () => number
}

export interface Kind {
  readonly name: string
  /** The reason for which such rounds can't run here. */
  problem(): string | undefined
  /** Throws the fault that the round found. */
  run(options: RoundOptions): Promise<void>
}

export const KINDS: readonly Kind[] = [
  { name: 'kill', problem: () => undefined, run: killRound },
  { name: 'power cut', problem: loopDiskProblem, run: powerCutRound },
  { name: 'prune', problem: () => undefined, run: pruneRound },
  { name: 'concurrency', problem: () => undefined, run: concurrencyRound },
  { name: 'broken inputs', problem: fuzzerProblem, run: fuzzRound },
]

const KILLS = 4
/** Milliseconds within which a build of the project is killed. */
const KILL_WITHIN = 4000

/** Kills builds with everything that they started, or the builder alone, and looks at what stays. */
async function killRound({ project, directory, expected, random }: RoundOptions): Promise<void> {
  const store = join(directory, 'store')
  const output = join(directory, 'image.tar')
  const args = ['-t', 'app', '-o', `type=oci,dest=${output}`]
  for (let kill = 0; kill < KILLS; kill++) {
    const build = startBuild(project, { store, args })
    const whole = random() < 0.5
    await Promise.race([wait(random() * KILL_WITHIN), build.ended])
    const pid = build.process.pid ?? 0
    for (const victim of whole ? [pid, ...descendantsOf(pid)] : [pid]) killIfThere(victim)
    await build.ended
  }
  await demand(await buildDigest(project, { store, args }), expected)
  await demand(await buildDigest(project, { store, args: [...args, '--no-cache'] }), expected)
  const left = readdirSync(directory).filter((name) => name.startsWith('.tsbuild-'))
  const temporary = readdirSync(join(store, 'tmp'))
  if (left.length + temporary.length > 0) throw new Error(`left behind: ${[...left, ...temporary].join(', ')}`)
}

/** Copies the disk of a running build, as a power cut would leave it, and builds on the copy. */
async function powerCutRound({ project, directory, expected, random }: RoundOptions): Promise<void> {
  const disk = createLoopDisk(join(directory, 'disk'))
  try {
    const store = join(disk.directory, 'store')
    const build = startBuild(project, { store, args: ['--progress=plain', '-t', 'app'], pause: random() * 4 })
    if (random() < 0.5) await build.pausing
    await wait(random() * 4000)
    const cut = await disk.cutPower()
    try {
      const within = inAnotherBoot(join(directory, 'boot'))
      const after = { store: join(cut.directory, 'store'), within }
      await demand(await buildDigest(project, after), expected)
      await demand(await buildDigest(project, { ...after, args: ['--no-cache', '-t', 'app'] }), expected)
    } finally {
      cut.remove()
    }
    const { code, stderr } = await build.ended
    if (code !== 0) throw new Error(`the build whose disk was copied ended with ${code}: ${stderr.slice(-500)}`)
  } finally {
    disk.remove()
  }
}

/** Builds at once in one store, in which some ignore the cache, and one may be killed. */
async function concurrencyRound({ project, directory, expected, random }: RoundOptions): Promise<void> {
  const store = join(directory, 'store')
  const victim = random() < 0.5 ? startBuild(project, { store }) : undefined
  const builds = Array.from({ length: 3 }, (_, at) => {
    const args = ['-t', `app:${at}`, ...(random() < 0.5 ? ['--no-cache'] : [])]
    return buildDigest(project, { store, args })
  })
  if (victim) {
    await Promise.race([wait(random() * KILL_WITHIN), victim.ended])
    killIfThere(victim.process.pid ?? 0)
  }
  for (const build of await Promise.all(builds)) await demand(build, expected)
}

const PRUNES = 5
/** Milliseconds within which a removal is killed. */
const PRUNE_WITHIN = 400

/** Removes all that can be, beside builds and in between, and kills removals. */
async function pruneRound({ project, directory, expected, random }: RoundOptions): Promise<void> {
  const store = join(directory, 'store')
  const builds = Array.from({ length: 3 }, (_, at) => buildDigest(project, { store, args: ['-t', `app:${at}`] }))
  const ended = Promise.all(builds)
  for (let prune = 0; prune < PRUNES; prune++) {
    await Promise.race([wait(random() * KILL_WITHIN), ended])
    const { process: child, ended: end } = startCommand(['prune', '--force', '--all'], { store })
    if (random() < 0.7) {
      await Promise.race([wait(random() * PRUNE_WITHIN), end])
      killIfThere(child.pid ?? 0)
    }
    const { code, signal, stderr } = await end
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(`prune ended with ${code}: ${stderr.slice(-500)}`)
  }
  for (const build of await ended) await demand(build, expected)
  for (const command of ['prune --force --all', 'check'].map((text) => text.split(' '))) {
    const { code, stdout, stderr } = await startCommand(command, { store }).ended
    if (code !== 0)
      throw new Error(`${command.join(' ')} ended with ${code}: ${stdout.slice(-500)} ${stderr.slice(-500)}`)
    if (command[0] === 'check' && !stdout.includes('nothing was damaged'))
      throw new Error(`damage: ${stdout.slice(-500)}`)
  }
  await demand(await buildDigest(project, { store }), expected)
}

/** The reason for which the helper's readers can't be tried. */
function fuzzerProblem(): string | undefined {
  return buildFuzzer() === undefined ? 'there is no C compiler' : undefined
}

const FUZZ_INPUTS = 100_000

/** Gives the native helper inputs of each kind that it reads. */
async function fuzzRound({ random }: RoundOptions): Promise<void> {
  const program = buildFuzzer()
  if (program === undefined) throw new Error('the compiler is gone')
  for (const target of FUZZ_TARGETS) fuzz(program, target, Math.floor(random() * 2 ** 31), FUZZ_INPUTS)
}

async function demand(digest: string, expected: string): Promise<void> {
  if (digest !== expected) throw new Error(`a wrong image: ${digest} instead of ${expected}`)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has ended.
  }
}

/** The processes that a process started, and those that they started. */
function descendantsOf(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number)
  return children.flatMap((child) => [child, ...descendantsOf(child)])
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

/** Removes the directory of a round, in which killed processes may end a little later. */
export function removeRound(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}
