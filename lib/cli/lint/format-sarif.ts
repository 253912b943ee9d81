// SARIF 2.1.0 (OASIS), as code scanning services read it.
import { lintRules } from '../../index.ts'
import { packageVersion } from '../version.ts'
import type { Finding } from './finding.ts'

export function formatSarif(findings: readonly Finding[]): string {
  const names = [...new Set(findings.map(({ name }) => name))]
  const run = {
    tool: { driver: { name: 'tsbuild', version: packageVersion(), rules: names.map(describe) } },
    columnKind: 'utf16CodeUnits',
    results: findings.map(({ level, name, message, file, start, end, hint }) => ({
      ruleId: name,
      ruleIndex: names.indexOf(name),
      level,
      message: { text: hint === undefined ? message : `${message}\n${hint}` },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: uriOf(file.name) },
            region: {
              startLine: start.line,
              startColumn: start.column,
              endLine: end.line,
              endColumn: end.column,
            },
          },
        },
      ],
    })),
  }
  const log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }
  return `${JSON.stringify(log, undefined, 2)}\n`
}

function describe(name: string): object {
  const rule = lintRules.find((other) => other.name === name)
  return rule ? { id: name, shortDescription: { text: rule.description } } : { id: name }
}

/** A relative URI reference: Windows separators become slashes, and reserved characters are escaped. */
function uriOf(name: string): string {
  return name.split(/[\\/]/).map(encodeURIComponent).join('/')
}
