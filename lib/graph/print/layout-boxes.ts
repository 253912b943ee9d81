// Places for boxes: columns from left to right, what is needed before what needs it. Long arrows get lanes
// between the boxes.
import type { BoxDrawing, BoxEdge, StageBox } from './stage-boxes.ts'

export const ROW_HEIGHT = 22
export const HEAD_HEIGHT = 46
const COLUMN_GAP = 90
const BOX_GAP = 26
const LANE_GAP = 14
export const MARGIN = 24

export interface Point {
  readonly x: number
  readonly y: number
}

export interface PlacedBox extends StageBox, Point {
  readonly width: number
  readonly height: number
}

export interface PlacedEdge extends BoxEdge {
  /** Pairs of points: each pair is joined by a curve, the end of one to the start of the next by a straight line. */
  readonly points: readonly Point[]
}

export interface Layout {
  readonly boxes: readonly PlacedBox[]
  readonly edges: readonly PlacedEdge[]
  readonly width: number
  readonly height: number
}

/**
 * An item of a column: a box, or the lane of an arrow on its way to a later column. `weight` is where its
 * arrows come from.
 */
interface Item {
  readonly box: number | undefined
  readonly edge: number | undefined
  readonly height: number
  weight: number
  y: number
}

export function layoutBoxes({ boxes, edges }: BoxDrawing, widthOf: (box: StageBox) => number): Layout {
  const columnOf = boxColumns(boxes.length, edges)
  const count = Math.max(0, ...columnOf) + 1
  const columns: Item[][] = Array.from({ length: count }, () => [])
  for (const [at, box] of boxes.entries()) {
    const height = HEAD_HEIGHT + box.rows.length * ROW_HEIGHT + (box.rows.length > 0 ? 8 : 0)
    columns[columnOf[at] ?? 0]?.push({ box: at, edge: undefined, height, weight: 0, y: 0 })
  }
  for (const [at, { from, to }] of edges.entries()) {
    for (let column = (columnOf[from] ?? 0) + 1; column < (columnOf[to] ?? 0); column++) {
      columns[column]?.push({ box: undefined, edge: at, height: 2, weight: 0, y: 0 })
    }
  }
  const stacks = columns.map(stackHeight)
  const tallest = Math.max(0, ...stacks)
  const widths = columns.map((items) => Math.max(0, ...items.map(({ box }) => widthAt(boxes, box, widthOf))))
  const lefts = widths.map((_, at) => MARGIN + widths.slice(0, at).reduce((sum, width) => sum + width + COLUMN_GAP, 0))
  for (const [at, items] of columns.entries()) {
    for (const item of items) item.weight = meanSource(item, columns, edges)
    items.sort((a, b) => a.weight - b.weight)
    let y = MARGIN + (tallest - (stacks[at] ?? 0)) / 2
    for (const item of items) {
      item.y = y
      y += item.height + gapAfter(item)
    }
  }
  const itemOfBox = new Map(columns.flat().map((item) => [item.box, item]))
  const placed = boxes.map((box, at): PlacedBox => {
    const column = columnOf[at] ?? 0
    const { y = 0, height = 0 } = itemOfBox.get(at) ?? {}
    return { ...box, x: lefts[column] ?? 0, y, width: widths[column] ?? 0, height }
  })
  return {
    boxes: placed,
    edges: edges.map((edge, at) => ({
      ...edge,
      points: edgePoints(edge, at, { boxes: placed, columns, lefts, widths }),
    })),
    width: (lefts.at(-1) ?? 0) + (widths.at(-1) ?? 0) + MARGIN,
    height: tallest + 2 * MARGIN,
  }
}

/** A box stands one column right of the last that it needs. Edges only lead from earlier boxes to later ones. */
function boxColumns(count: number, edges: readonly BoxEdge[]): number[] {
  const columns = new Array<number>(count).fill(0)
  for (const { from, to } of edges) columns[to] = Math.max(columns[to] ?? 0, (columns[from] ?? 0) + 1)
  return columns
}

const widthAt = (boxes: readonly StageBox[], at: number | undefined, widthOf: (box: StageBox) => number): number => {
  const box = at === undefined ? undefined : boxes[at]
  return box ? widthOf(box) : 0
}

const gapAfter = ({ box }: Item): number => (box === undefined ? LANE_GAP : BOX_GAP)

const stackHeight = (items: readonly Item[]): number =>
  items.reduce((sum, item, at) => sum + item.height + (at < items.length - 1 ? gapAfter(item) : 0), 0)

/** The mean height of where an item's arrows come from; columns before it have their places. */
function meanSource(item: Item, columns: readonly Item[][], edges: readonly BoxEdge[]): number {
  const incoming = item.edge === undefined ? edges.filter(({ to }) => to === item.box) : [edges[item.edge]]
  const sources = columns.flat().filter(({ box }) => box !== undefined && incoming.some((edge) => edge?.from === box))
  if (sources.length === 0) return 0
  return sources.reduce((sum, { y, height }) => sum + y + height / 2, 0) / sources.length
}

interface Placement {
  readonly boxes: readonly PlacedBox[]
  readonly columns: readonly Item[][]
  /** The left edge of each column, and its width. */
  readonly lefts: readonly number[]
  readonly widths: readonly number[]
}

function edgePoints(edge: BoxEdge, at: number, { boxes, columns, lefts, widths }: Placement): Point[] {
  const [source, target] = [boxes[edge.from], boxes[edge.to]]
  if (!source || !target) return []
  const lanes = columns.flatMap((items, column) => {
    const lane = items.find((item) => item.edge === at)
    const left = lefts[column] ?? 0
    return lane
      ? [
          { x: left, y: lane.y },
          { x: left + (widths[column] ?? 0), y: lane.y },
        ]
      : []
  })
  const end = edge.row === -1 ? HEAD_HEIGHT / 2 : HEAD_HEIGHT + (edge.row + 0.5) * ROW_HEIGHT
  const start = source.rows.length === 0 ? source.height / 2 : source.height - 8 - ROW_HEIGHT / 2
  return [{ x: source.x + source.width, y: source.y + start }, ...lanes, { x: target.x, y: target.y + end }]
}
