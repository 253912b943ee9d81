// The environment variables of docker, buildx and BuildKit, and what tsbuild makes of each. docs/cli.md has the same
// table, which a test compares with this one.

type Environment = Readonly<Record<string, string | undefined>>

export interface Variable {
  readonly name: string
  /**
   * - `done`: tsbuild does what the variable asks for.
   * - `warning`: it does not, and the result can differ from docker's: so a build that is given the variable warns.
   * - `none`: there is nothing in tsbuild that the variable could change.
   */
  readonly effect: 'done' | 'warning' | 'none'
  /** The reason, for the text of the warning. */
  readonly because?: string
  /** Whether a value asks for something that tsbuild does not do; default: every value. */
  readonly matters?: (value: string) => boolean
}

export const VARIABLES: readonly Variable[] = [
  { name: 'DOCKER_DEFAULT_PLATFORM', effect: 'done' },
  { name: 'DOCKER_CONFIG', effect: 'done' },
  { name: 'DOCKER_AUTH_CONFIG', effect: 'done' },
  { name: 'SOURCE_DATE_EPOCH', effect: 'done' },
  { name: 'BUILDKIT_PROGRESS', effect: 'done' },
  { name: 'BUILDKIT_TTY_LOG_LINES', effect: 'done' },
  { name: 'BUILDKIT_STEP_LOG_MAX_SIZE', effect: 'done' },
  { name: 'BUILDKIT_STEP_LOG_MAX_SPEED', effect: 'done' },
  { name: 'NO_COLOR', effect: 'done' },
  { name: 'BUILDX_NO_DEFAULT_ATTESTATIONS', effect: 'done' },
  { name: 'BUILDX_NO_DEFAULT_OCI_ARTIFACT', effect: 'done' },
  { name: 'BUILDX_NO_DEFAULT_LOAD', effect: 'done' },
  { name: 'DOCKER_BUILDKIT', effect: 'warning', because: 'there is no legacy builder', matters: isFalse },
  { name: 'DOCKER_HOST', effect: 'warning', because: 'the build runs on this machine, without a daemon' },
  {
    name: 'DOCKER_CONTEXT',
    effect: 'warning',
    because: 'the build runs on this machine, without a daemon',
    matters: isRemote,
  },
  { name: 'BUILDKIT_HOST', effect: 'warning', because: 'the build runs on this machine, without a daemon' },
  {
    name: 'BUILDX_BUILDER',
    effect: 'warning',
    because: 'the build runs on this machine, without a daemon',
    matters: isRemote,
  },
  { name: 'DOCKER_CONTENT_TRUST', effect: 'warning', because: 'signatures of images are not checked', matters: isTrue },
  {
    name: 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY',
    effect: 'warning',
    because: 'sources are neither replaced nor denied: pin base images by digest instead',
  },
  {
    name: 'BUILDX_DEFAULT_POLICY',
    effect: 'warning',
    because: 'signatures of images are not checked',
    matters: isTrue,
  },
  {
    name: 'BUILDX_GIT_LABELS',
    effect: 'warning',
    because: 'the image gets no labels about a git repository: give them with --label',
    matters: isNotFalse,
  },
  {
    name: 'BUILDX_METADATA_PROVENANCE',
    effect: 'warning',
    because: 'the metadata file has no provenance',
    matters: (value) => isNotFalse(value) && value !== 'disabled',
  },
  {
    name: 'BUILDX_METADATA_WARNINGS',
    effect: 'warning',
    because: 'the metadata file has no warnings',
    matters: isTrue,
  },
  { name: 'BUILDKIT_COLORS', effect: 'none' },
  { name: 'BUILDX_CONFIG', effect: 'none' },
  { name: 'BUILDX_EXPERIMENTAL', effect: 'none' },
  { name: 'BUILDX_GIT_CHECK_DIRTY', effect: 'none' },
  { name: 'BUILDX_GIT_INFO', effect: 'none' },
  { name: 'BUILDX_CPU_PROFILE', effect: 'none' },
  { name: 'BUILDX_MEM_PROFILE', effect: 'none' },
  { name: 'BUILDX_BAKE_FILE', effect: 'none' },
  { name: 'BUILDX_BAKE_FILE_SEPARATOR', effect: 'none' },
  { name: 'BUILDX_BAKE_GIT_AUTH_HEADER', effect: 'none' },
  { name: 'BUILDX_BAKE_GIT_AUTH_TOKEN', effect: 'none' },
  { name: 'BUILDX_BAKE_GIT_SSH', effect: 'none' },
  { name: 'DOCKER_API_VERSION', effect: 'none' },
  { name: 'DOCKER_CERT_PATH', effect: 'none' },
  { name: 'DOCKER_CONTENT_TRUST_SERVER', effect: 'none' },
  { name: 'DOCKER_CUSTOM_HEADERS', effect: 'none' },
  { name: 'DOCKER_HIDE_LEGACY_COMMANDS', effect: 'none' },
  { name: 'DOCKER_TLS', effect: 'none' },
  { name: 'DOCKER_TLS_VERIFY', effect: 'none' },
]

/** A warning for each variable that asks for something which is not done; `names` limits them to some variables. */
export function unmetVariables(env: Environment, names?: readonly string[]): readonly string[] {
  return VARIABLES.flatMap(({ name, effect, because, matters }) => {
    const value = env[name] ?? ''
    if (effect !== 'warning' || value === '' || matters?.(value) === false) return []
    if (names && !names.includes(name)) return []
    return [`the variable ${name} has no effect: ${because}`]
  })
}

/** The default of `--platform`; empty if there is none. */
export function defaultPlatforms(env: Environment): readonly string[] {
  const value = env['DOCKER_DEFAULT_PLATFORM'] ?? ''
  return value === '' ? [] : value.split(',')
}

// The spellings are those of Go's strconv.ParseBool.
function isTrue(value: string): boolean {
  return /^(?:1|t|T|true|TRUE|True)$/.test(value)
}

function isFalse(value: string): boolean {
  return /^(?:0|f|F|false|FALSE|False)$/.test(value)
}

function isNotFalse(value: string): boolean {
  return !isFalse(value)
}

function isRemote(value: string): boolean {
  return value !== 'default'
}
