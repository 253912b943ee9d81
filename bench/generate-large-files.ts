// A few large files, text and incompressible data by turns: the same bytes on every machine.
import { createCipheriv } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { source, xorshift } from './generate-tree.ts'

export interface LargeFilesSpec {
  readonly files: number
  /** The size of each file in bytes. */
  readonly size: number
}

/** Writes the files into a directory, unless an earlier run wrote them with the same parameters. */
export function generateLargeFiles(directory: string, spec: LargeFilesSpec): void {
  const marker = `${directory}.json`
  const wanted = JSON.stringify(spec)
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  // A key stream is random data, and fast to produce.
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const text = Buffer.from(source(xorshift(1), spec.size))
  for (let i = 0; i < spec.files; i++) {
    // The rotated text repeats at distances beyond deflate's window, so it compresses like new text.
    const turn = (i * 54_321) % spec.size
    const words = (): Buffer => Buffer.concat([text.subarray(turn), text.subarray(0, turn)])
    writeFileSync(join(directory, `file-${i}`), i % 2 === 0 ? words() : noise.update(Buffer.alloc(spec.size)))
  }
  writeFileSync(marker, wanted)
}
