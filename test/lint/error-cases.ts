/**
 * Dockerfiles that a check refuses: a title, the text, the error's code, and the warnings before it as `line
 * RuleName`.
 */
export const lintErrors: readonly [string, string, string, readonly string[]][] = [
  [
    'an unknown instruction',
    'FROM scratch as A\nBADCMD\nENV k v\n',
    'INSTRUCTION_UNKNOWN',
    ['1 StageNameCasing', '1 FromAsCasing'],
  ],
  ['no instruction at all', '', 'DOCKERFILE_EMPTY', []],
  ['an unterminated heredoc', 'FROM scratch as A\nRUN <<EOF\n', 'HEREDOC_UNTERMINATED', []],
  ['an empty base', 'ARG x\nFROM $x\n', 'BASE_NAME_EMPTY', ['2 InvalidDefaultArgInFrom']],
  ['a base that is no name', 'FROM a:b:c\n', 'REFERENCE_INVALID', ['1 InvalidDefaultArgInFrom']],
  ['an empty platform', 'FROM --platform=$x scratch\n', 'PLATFORM_INVALID', ['1 UndefinedArgInFrom']],
  ['a stage that needs itself', 'FROM scratch AS a\nCOPY --from=a x /\n', 'STAGE_CYCLE', []],
  [
    'stages that need each other',
    'FROM scratch AS a\nCOPY --from=b x /\nFROM scratch AS b\nRUN --mount=from=a x\n',
    'STAGE_CYCLE',
    [],
  ],
  [
    'a stage that comes later',
    'FROM scratch\nENV k v\nCOPY --from=b x /\nFROM scratch AS b\n',
    'STAGE_UNKNOWN',
    ['2 LegacyKeyValueFormat'],
  ],
  ['a stage number that is none', 'FROM scratch\nCOPY --from=7 x /\n', 'STAGE_UNKNOWN', []],
  ['a variable in --from', 'FROM scratch\nCOPY --from=$x x /\n', 'INSTRUCTION_ARGUMENTS', []],
  ['a required variable', 'FROM scratch\nUSER ${x:?no}\nENV k v\n', 'VARIABLE_REQUIRED', []],
  ['a broken word', 'FROM scratch\nENV k v\nUSER ${x\n', 'VARIABLE_SYNTAX', ['2 LegacyKeyValueFormat']],
  ['a mode that is none', 'FROM scratch\nCOPY --chmod=999 a /\n', 'CHMOD_INVALID', []],
  [
    'a port that is none',
    'FROM scratch\nEXPOSE 1:x/TCP\n',
    'INSTRUCTION_ARGUMENTS',
    ['2 ExposeProtoCasing', '2 ExposeInvalidFormat'],
  ],
  ['a protocol that is none', 'FROM scratch\nEXPOSE 1:1/X\n', 'INSTRUCTION_ARGUMENTS', []],
  ['an empty volume', 'FROM scratch\nARG x\nVOLUME $x\n', 'INSTRUCTION_ARGUMENTS', []],
  ['a trigger that is none', 'FROM scratch AS a\nONBUILD COPY x\nFROM a\n', 'ONBUILD_INVALID', []],
]
