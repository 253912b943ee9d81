import type { Finding } from './finding.ts'

/** Findings as JSON. Lines and columns count from 1, columns in UTF-16 units; `end` is after the last character. */
export function formatJson(findings: readonly Finding[]): string {
  const list = findings.map(({ level, name, message, file, start, end, url, hint, isFixable }) => ({
    level,
    rule: name,
    message,
    file: file.name,
    start,
    end,
    url,
    hint,
    fixable: isFixable,
  }))
  return `${JSON.stringify(list, undefined, 2)}\n`
}
