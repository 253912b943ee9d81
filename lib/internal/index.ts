// The names that commands need beyond the public API. Nothing outside of this repository can import them, and they
// may change in any release.

export { parseCacheFrom, parseCacheTo } from '../build/caches/parse-cache-options.ts'
export { openShell } from '../build/open-shell.ts'
export {
  parseAddHost,
  parseBytes,
  parseEntitlement,
  parseSecret,
  parseSsh,
  parseUlimit,
} from '../build/parse-run-flags.ts'
export { parseOutput } from '../export/parse-output.ts'
export { formatOutline, formatTargets, outlineToJson, targetsToJson } from '../graph/print/print-outline.ts'
export { maskTokens } from '../lint/facts/secret-tokens.ts'
export { ruleSetNames } from '../lint/rule-choice.ts'
export { parseIndexAnnotation } from '../oci/index-annotation.ts'
