// A tree of many small files that looks like a node_modules: the same bytes on every machine.
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface TreeSpec {
  readonly files: number
  /** The average size of a file in bytes. */
  readonly meanSize: number
  readonly minDepth: number
  readonly maxDepth: number
}

const EPOCH = 1_700_000_000
const KEYWORDS =
  'module exports require function return const options callback error value index length path stream buffer string object array map filter reduce promise async await resolve reject context config parse token node visit parent child scope type'.split(
    ' ',
  )
const SYLLABLES =
  'an ber con de el fi ga har in jo ker lo ma ner o per qui re si tor un ver wa xi yel zon ste pro tra cli ble ment'.split(
    ' ',
  )
/** The most frequent words first. The resulting text compresses like a real node_modules, about 4 to 1. */
const WORDS: readonly string[] = makeWords(6000)

/** Writes the tree below a directory, unless an earlier run wrote it with the same parameters. */
export function generateTree(directory: string, spec: TreeSpec): void {
  const marker = `${directory}.json`
  const wanted = JSON.stringify({ ...spec, source: 2 })
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  rmSync(directory, { recursive: true, force: true })
  const random = xorshift(42)
  const directories = new Set<string>()
  for (let i = 0; i < spec.files; i++) {
    const depth = spec.minDepth + random(spec.maxDepth - spec.minDepth + 1)
    const parts = Array.from({ length: depth - 1 }, (_, level) =>
      level === 0 ? `package-${random(100)}` : (KEYWORDS[level * 2 + random(2)] ?? 'lib'),
    )
    const parent = join(directory, ...parts)
    if (!directories.has(parent)) mkdirSync(parent, { recursive: true })
    directories.add(parent)
    const file = join(parent, `${word(random)}-${i}.js`)
    // Sizes as in real trees: many small files, a few large ones.
    writeFileSync(file, source(random, Math.floor((spec.meanSize * (1 + random(1000)) ** 2) / 334_000)))
    utimesSync(file, EPOCH, EPOCH)
  }
  writeFileSync(marker, wanted)
}

/** Text as regular as code: names with very different frequencies, idioms, indentation, comments. */
export function source(random: (below: number) => number, length: number): string {
  let text = "'use strict'\n\n"
  while (text.length < length) {
    const [a, b, c] = [identifier(random), identifier(random), identifier(random)]
    const indent = '  '.repeat(random(4))
    switch (random(9)) {
      case 0:
        text += `const { ${a}, ${b} } = require('./${c}.js')\n`
        break
      case 1:
        text += `\n/**\n * Returns the ${prose(random)} of a ${b}.\n * @param {string} ${b}\n * @returns {boolean}\n */\n`
        text += `function ${a}(${b}, options = {}) {\n`
        break
      case 2:
        text += `${indent}if (typeof ${a}.${b} !== 'undefined' && ${a}.${b} !== null) {\n${indent}  return ${c}\n${indent}}\n`
        break
      case 3:
        text += `${indent}// ${prose(random)}, ${prose(random)} (see issue ${random(9000)})\n`
        break
      case 4:
        text += `${indent}for (let i = 0; i < ${a}.length; i++) {\n${indent}  ${b}.push(${a}[i].${c})\n${indent}}\n`
        break
      case 5:
        text += `${indent}throw new TypeError('Expected ${a} to be a ${prose(random)}')\n`
        break
      case 6:
        text += `module.exports.${a} = ${a}\n`
        break
      case 7:
        text += `${indent}${a}: [${number(random)}, '${number(random)}${number(random)}', 0x${number(random)}, ${c}],\n`
        break
      default:
        text += `${indent}const ${a} = await this.${b}(${c}, ${random(100)})\n`
    }
  }
  return text.slice(0, length)
}

function identifier(random: (below: number) => number): string {
  const first = word(random)
  if (random(3) === 0) return first
  const second = word(random)
  return first + second.charAt(0).toUpperCase() + second.slice(1)
}

function number(random: (below: number) => number): string {
  return random(0x1_0000_0000).toString(16)
}

function prose(random: (below: number) => number): string {
  return Array.from({ length: 2 + random(4) }, () => word(random)).join(' ')
}

/** Squaring makes some words more frequent, as in real texts. */
function word(random: (below: number) => number): string {
  return WORDS[Math.floor((random(1_000_000) / 1_000_000) ** 2 * WORDS.length)] ?? ''
}

function makeWords(count: number): readonly string[] {
  const random = xorshift(7)
  const made = new Set(KEYWORDS)
  while (made.size < count) {
    made.add(Array.from({ length: 2 + random(3) }, () => SYLLABLES[random(SYLLABLES.length)]).join(''))
  }
  return [...made]
}

export function xorshift(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
