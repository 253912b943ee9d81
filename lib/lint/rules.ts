import type { RuleSet } from './lint-options.ts'
import type { Rule } from './rule.ts'
import { setOf } from './rule-choice.ts'
import { ruleUrl } from './rule-url.ts'
import { addInsteadOfCopy } from './rules/add-instead-of-copy.ts'
import { addWithoutChecksum } from './rules/add-without-checksum.ts'
import { aptUpdateAlone } from './rules/apt-update-alone.ts'
import { argSpoilsCache } from './rules/arg-spoils-cache.ts'
import { baseWithoutDigest } from './rules/base-without-digest.ts'
import { cmdIgnored } from './rules/cmd-ignored.ts'
import { consistentInstructionCasing } from './rules/consistent-instruction-casing.ts'
import { copyIgnoredFile } from './rules/copy-ignored-file.ts'
import { copyOverwritten } from './rules/copy-overwritten.ts'
import { copySpoilsCache } from './rules/copy-spoils-cache.ts'
import { deletedInLaterLayer } from './rules/deleted-in-later-layer.ts'
import { duplicateStageName } from './rules/duplicate-stage-name.ts'
import { exposeInvalidFormat } from './rules/expose-invalid-format.ts'
import { exposeProtoCasing } from './rules/expose-proto-casing.ts'
import { fromAsCasing } from './rules/from-as-casing.ts'
import { fromPlatformFlagConstDisallowed } from './rules/from-platform-flag-const-disallowed.ts'
import { globalArgInRun } from './rules/global-arg-in-run.ts'
import { invalidBaseImagePlatform } from './rules/invalid-base-image-platform.ts'
import { invalidDefaultArgInFrom } from './rules/invalid-default-arg-in-from.ts'
import { invalidDefinitionDescription } from './rules/invalid-definition-description.ts'
import { jsonArgsRecommended } from './rules/json-args-recommended.ts'
import { legacyKeyValueFormat } from './rules/legacy-key-value-format.ts'
import { lostShellState } from './rules/lost-shell-state.ts'
import { maintainerDeprecated } from './rules/maintainer-deprecated.ts'
import { multipleInstructionsDisallowed } from './rules/multiple-instructions-disallowed.ts'
import { noEmptyContinuation } from './rules/no-empty-continuation.ts'
import { redundantTargetPlatform } from './rules/redundant-target-platform.ts'
import { reservedStageName } from './rules/reserved-stage-name.ts'
import { runsAsRoot } from './rules/runs-as-root.ts'
import { secretFileCopied } from './rules/secret-file-copied.ts'
import { secretTokenWritten } from './rules/secret-token-written.ts'
import { secretsUsedInArgOrEnv } from './rules/secrets-used-in-arg-or-env.ts'
import { stageNameCasing } from './rules/stage-name-casing.ts'
import { undefinedArgInFrom } from './rules/undefined-arg-in-from.ts'
import { undefinedVar } from './rules/undefined-var.ts'
import { unknownRuleName } from './rules/unknown-rule-name.ts'
import { unpinnedBase } from './rules/unpinned-base.ts'
import { unusedStage } from './rules/unused-stage.ts'
import { unwantedFilesCopied } from './rules/unwanted-files-copied.ts'
import { workdirRelativePath } from './rules/workdir-relative-path.ts'

/**
 * Every rule, BuildKit's first. Where two speak of the same event, the first one here speaks first, as in
 * BuildKit.
 */
export const rules: readonly Rule[] = [
  stageNameCasing,
  fromAsCasing,
  noEmptyContinuation,
  consistentInstructionCasing,
  reservedStageName,
  duplicateStageName,
  maintainerDeprecated,
  invalidDefinitionDescription,
  invalidDefaultArgInFrom,
  undefinedArgInFrom,
  redundantTargetPlatform,
  fromPlatformFlagConstDisallowed,
  invalidBaseImagePlatform,
  undefinedVar,
  multipleInstructionsDisallowed,
  jsonArgsRecommended,
  legacyKeyValueFormat,
  secretsUsedInArgOrEnv,
  workdirRelativePath,
  exposeProtoCasing,
  exposeInvalidFormat,
  copyIgnoredFile,
  copySpoilsCache,
  argSpoilsCache,
  secretFileCopied,
  secretTokenWritten,
  unwantedFilesCopied,
  deletedInLaterLayer,
  aptUpdateAlone,
  globalArgInRun,
  lostShellState,
  cmdIgnored,
  unusedStage,
  copyOverwritten,
  unpinnedBase,
  baseWithoutDigest,
  runsAsRoot,
  addWithoutChecksum,
  addInsteadOfCopy,
  unknownRuleName(() => rules.map(({ name }) => name)),
]

/** A rule, as lists of rules show it. */
export interface LintRule {
  readonly name: string
  /** One line. */
  readonly description: string
  /** Off unless `# check=experimental=NAME` asks for it. */
  readonly experimental?: true
  readonly set: RuleSet
  /** Its page in this project's documentation. */
  readonly url: string
}

/**
 * Every rule's name and what it asks for.
 *
 * @example
 * ```ts
 * import { lintRules } from '@tsbuild/tsbuild'
 *
 * console.log(lintRules.some(({ name }) => name === 'StageNameCasing')) // true
 * ```
 */
export const lintRules: readonly LintRule[] = rules.map((rule) => ({
  name: rule.name,
  description: rule.description,
  set: setOf(rule),
  url: ruleUrl(rule.name),
  ...(rule.experimental && { experimental: rule.experimental }),
}))
