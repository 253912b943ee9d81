// A drawing of a build: its stages as boxes, arrows where one takes files from another.

import type { Graph } from '../types.ts'
import { HEAD_HEIGHT, layoutBoxes, type PlacedBox, type PlacedEdge, ROW_HEIGHT } from './layout-boxes.ts'
import { type BoxRow, type StageBox, stageBoxes } from './stage-boxes.ts'

// A monospaced font of 12 pixels; wider characters are cut off at the box.
const CHARACTER_WIDTH = 7.25
const PADDING = 14
const LONGEST = 52

const STYLE = `
  :root{color-scheme:light dark}
  .back{fill:#fff}
  .box{fill:#f6f8fa;stroke:#d0d7de}
  .target .box{fill:#fff;stroke:#0969da;stroke-width:2}
  text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328;white-space:pre}
  .name{font-weight:700;font-size:13px}
  .dim,.config text{fill:#59636e}
  .keyword{font-weight:700;fill:#0550ae}
  .config .keyword{font-weight:400;fill:#59636e}
  .rule{stroke:#d0d7de}
  .badge{fill:#0969da}
  .badge-text{fill:#fff;font-size:10px;font-weight:700}
  .edge{fill:none;stroke:#8250df;stroke-width:1.5}
  .base{stroke:#6e7781;stroke-width:2.5}
  .tip{fill:#8250df}.base-tip{fill:#6e7781}
  @media(prefers-color-scheme:dark){
    .back{fill:#0d1117}
    .box{fill:#161b22;stroke:#30363d}
    .target .box{fill:#0d1117;stroke:#4493f8}
    text{fill:#e6edf3}
    .dim,.config text,.config .keyword{fill:#9198a1}
    .keyword{fill:#79c0ff}
    .rule{stroke:#30363d}
    .badge{fill:#1f6feb}
    .edge{stroke:#a371f7}.base{stroke:#8b949e}
    .tip{fill:#a371f7}.base-tip{fill:#8b949e}
  }`

/**
 * The graph as an SVG image: what the target needs, from left to right; the instructions of a stage from top to
 * bottom. Text that is too long is cut, with the whole of it in a tooltip. Light or dark as the reader's system
 * is. The same graph gives the same text.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * import { graphToSvg, planBuild } from '@tsbuild/tsbuild'
 *
 * const graph = await planBuild({ context: new Map([['Dockerfile', 'FROM scratch\nCOPY . /\n']]) })
 * writeFileSync('graph.svg', graphToSvg(graph))
 * ```
 */
export function graphToSvg(graph: Graph): string {
  const { boxes, edges, width, height } = layoutBoxes(stageBoxes(graph), boxWidth)
  const [w, h] = [Math.ceil(width), Math.ceil(height)]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img">`,
    `<title>${xml(`Build of ${graph.target.name ?? `stage ${graph.target.index}`}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    '<defs>',
    arrow('tip', 'tip', 7),
    arrow('base-tip', 'base-tip', 5),
    '</defs>',
    `<rect class="back" width="${w}" height="${h}"/>`,
    ...boxes.map(drawBox),
    ...edges.map((edge) => drawEdge(edge, boxes)),
    '</svg>\n',
  ].join('\n')
}

const arrow = (id: string, name: string, size: number): string =>
  `<marker id="${id}" class="${name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="${size}" markerHeight="${size}" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>`

function boxWidth({ title, base, isTarget, rows }: StageBox): number {
  const lengths = rows.map((row) => lengthOf(cut(row)))
  const characters = Math.max(20, title.length * 1.1 + (isTarget ? 10 : 0), base.length + 5, ...lengths)
  return Math.ceil(Math.min(characters, LONGEST) * CHARACTER_WIDTH) + 2 * PADDING
}

function drawBox({ title, base, isTarget, rows, x, y, width, height }: PlacedBox): string {
  const badge = isTarget
    ? [
        `<rect class="badge" x="${width - 62}" y="10" width="50" height="16" rx="8"/>`,
        `<text class="badge-text" x="${width - 37}" y="21.5" text-anchor="middle">target</text>`,
      ]
    : []
  const rule = rows.length > 0 ? [`<path class="rule" d="M1 ${HEAD_HEIGHT - 2}H${width - 1}"/>`] : []
  return [
    // A nested svg cuts off what is outside of it.
    `<svg x="${num(x)}" y="${num(y)}" width="${width}" height="${height}" class="${isTarget ? 'stage target' : 'stage'}">`,
    `<rect class="box" x="1" y="1" width="${width - 2}" height="${height - 2}" rx="8"/>`,
    ...rule,
    `<g><title>${xml(`${title}: FROM ${base}`)}</title>`,
    `<text class="name" x="${PADDING}" y="20">${xml(shorten(title, LONGEST - 12))}</text>`,
    `<text class="dim" x="${PADDING}" y="36">FROM ${xml(shorten(base, LONGEST - 5))}</text></g>`,
    ...badge,
    ...rows.map(drawRow),
    '</svg>',
  ].join('\n')
}

function drawRow(row: BoxRow, at: number): string {
  const y = HEAD_HEIGHT + at * ROW_HEIGHT + 15
  const { keyword, text } = cut(row)
  const group = row.changesFiles ? '<g>' : '<g class="config">'
  const words = `<tspan class="keyword">${xml(keyword)}</tspan> ${xml(text)}`
  return `${group}<title>${xml(row.title)}</title><text x="${PADDING}" y="${y}">${words}</text></g>`
}

function drawEdge({ points, from, to, row }: PlacedEdge, boxes: readonly PlacedBox[]): string {
  let path = ''
  for (let at = 0; at + 1 < points.length; at += 2) {
    const [start, end] = [points[at], points[at + 1]]
    if (!start || !end) break
    const middle = num((start.x + end.x) / 2)
    const begin = `${at === 0 ? 'M' : 'L'}${num(start.x)} ${num(start.y)}`
    path += `${begin}C${middle} ${num(start.y)} ${middle} ${num(end.y)} ${num(end.x)} ${num(end.y)}`
  }
  const [kind, tip] = row === -1 ? ['edge base', 'base-tip'] : ['edge', 'tip']
  const title = `${boxes[to]?.title} ${row === -1 ? 'stands on' : 'takes files from'} ${boxes[from]?.title}`
  return `<path class="${kind}" marker-end="url(#${tip})" d="${path}"><title>${xml(title)}</title></path>`
}

/** A row's text as far as there is room. */
function cut({ keyword, text }: BoxRow): { readonly keyword: string; readonly text: string } {
  return { keyword, text: shorten(text, Math.max(1, LONGEST - keyword.length - 1)) }
}

const lengthOf = ({ keyword, text }: { keyword: string; text: string }): number => keyword.length + 1 + text.length

const shorten = (text: string, length: number): string => {
  const characters = [...text.replace(/\s+/g, ' ')]
  return characters.length <= length ? characters.join('') : `${characters.slice(0, length - 1).join('')}…`
}

const num = (value: number): number => Math.round(value * 10) / 10

/** Text in XML: what has a meaning becomes an entity, what XML can't hold a replacement character. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
