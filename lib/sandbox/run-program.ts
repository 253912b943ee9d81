// Runs a program of the system that does one thing, and reports why it failed.
import { execFile } from 'node:child_process'
import { TsbuildError } from '../base/errors.ts'
import { probeEnvironment } from './attempt.ts'

/** Runs a program to its end and returns its standard output. Rejects with SANDBOX_FAILED and the program's message. */
export function runProgram(file: string, args: readonly string[], cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env: probeEnvironment(), cwd, encoding: 'utf8' }, (cause, stdout, stderr) => {
      if (!cause) return resolve(stdout)
      reject(new TsbuildError('SANDBOX_FAILED', firstLine(stderr) ?? cause.message, { cause }))
    })
  })
}

/** The first line that is not empty. */
export function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '')
}
