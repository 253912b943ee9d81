import type { Finding } from './finding.ts'

/** Workflow commands of GitHub Actions: annotations at the lines of a pull request. */
export function formatGithub(findings: readonly Finding[]): string {
  return findings.map((finding) => `${command(finding)}\n`).join('')
}

function command({ level, name, message, file, start, end, hint }: Finding): string {
  const properties = {
    file: file.name,
    line: start.line,
    endLine: end.line,
    // GitHub ignores columns if a finding spans several lines.
    ...(start.line === end.line && { col: start.column, endColumn: end.column }),
    title: name,
  }
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`)
  return `::${level} ${list.join(',')}::${escapeData(hint === undefined ? message : `${message}\n${hint}`)}`
}

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
