// Kills builds, cuts their power and lets them meet in one store, and demands the right image after each round; gives
// the native helper broken inputs. Needs a built dist/, and for power cuts root. Exits with 1 if a round found a fault.
// usage: npm run soak -- [--minutes N] [--seed N] [--only KIND]...
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BUSYBOX, buildDigest, TSBUILD, writeProject } from './soak/project.ts'
import { createRandom } from './soak/random.ts'
import { KINDS, type Kind, removeRound } from './soak/rounds.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
})
for (const path of [BUSYBOX, TSBUILD]) if (!existsSync(path)) throw new Error(`${path} is missing`)
const minutes = Number(values.minutes)
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000)
if (!Number.isFinite(minutes) || !Number.isSafeInteger(firstSeed)) throw new Error('--minutes and --seed take numbers')

const kinds = KINDS.filter(({ name }) => values.only?.includes(name) ?? true).filter(isPossible)
const counts = new Map(kinds.map(({ name }) => [name, { rounds: 0, faults: 0 }]))
const directory = mkdtempSync(join(tmpdir(), 'tsbuild-soak-'))
try {
  const project = join(directory, 'project')
  writeProject(project)
  const expected = await buildDigest(project, { store: join(directory, 'store') })
  const end = Date.now() + minutes * 60_000
  // A round gets its numbers from its seed alone, so that --seed repeats it.
  for (let seed = firstSeed; Date.now() < end; seed++) {
    const kind = kinds[seed % kinds.length]
    if (!kind) throw new Error('no kind of round can run here')
    await round(kind, seed, { project, expected })
  }
} finally {
  removeRound(directory)
}
for (const [name, { rounds, faults }] of counts) console.log(`${name}: ${rounds} rounds, ${faults} faults`)
const faults = [...counts.values()].reduce((sum, count) => sum + count.faults, 0)
console.log(faults === 0 ? 'no faults' : `${faults} faults`)
process.exitCode = faults === 0 ? 0 : 1

async function round(kind: Kind, seed: number, given: { project: string; expected: string }): Promise<void> {
  const place = join(directory, `round-${seed}`)
  mkdirSync(place)
  const count = counts.get(kind.name)
  if (!count) throw new Error('bug: a kind that is not counted')
  count.rounds++
  try {
    await kind.run({ ...given, directory: place, random: createRandom(seed) })
    console.log(`${kind.name}, seed ${seed}: ok`)
  } catch (error) {
    count.faults++
    const reason = error instanceof Error ? error.message : String(error)
    console.log(`${kind.name}, seed ${seed}: ${reason}\n  again: npm run soak -- --seed ${seed} --only '${kind.name}'`)
  } finally {
    removeRound(place)
  }
}

function isPossible({ name, problem }: Kind): boolean {
  const reason = problem()
  if (reason !== undefined) console.log(`no rounds of ${name}: ${reason}`)
  return reason === undefined
}
