import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new empty directory that goes when the test ends. To be called within a test or a beforeEach. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tsbuild-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
