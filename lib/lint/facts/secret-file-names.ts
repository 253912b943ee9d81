// Files that are made to hold secrets, and what in them is one.

export interface SecretFile {
  /** The kind of secret, e.g. `an SSH private key`. */
  readonly what: string
  /**
   * Finds the secret in the file, as messages describe it; undefined if there is none. Absent where the name is
   * enough.
   */
  readonly evidence?: (content: string) => string | undefined
  /** Whether the name is enough to go by when the content can't be read. */
  readonly isCertainByName: boolean
}

const PRIVATE_KEY = /-----BEGIN (?:[A-Z]{2,20} )?PRIVATE KEY-----/
const held =
  (what: string, pattern: RegExp) =>
  (content: string): string | undefined =>
    pattern.test(content) ? `it holds ${what}` : undefined

const kinds: readonly (readonly [path: RegExp, file: SecretFile])[] = [
  [
    /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$/,
    { what: 'an SSH private key', evidence: held('a private key', PRIVATE_KEY), isCertainByName: true },
  ],
  [
    /(?:^|\/)[^/]+\.(?:pem|key)$/,
    { what: 'a private key', evidence: held('a private key', PRIVATE_KEY), isCertainByName: false },
  ],
  [
    /(?:^|\/)\.env(?:\.(?!(?:example|sample|template|dist|defaults?|schema|test|ci)(?:\.|$))[^/]+)?$/,
    { what: 'a file of environment variables', evidence: secretVariables, isCertainByName: false },
  ],
  [
    /(?:^|\/)\.npmrc$/,
    {
      what: "npm's configuration",
      evidence: held('a token', /^[ \t]*[^#;\s].*:?_(?:authToken|auth|password)[ \t]*=[ \t]*["']?(?!\$)[^\s"']{8}/m),
      isCertainByName: false,
    },
  ],
  [
    /(?:^|\/)\.yarnrc\.yml$/,
    {
      what: "Yarn's configuration",
      evidence: held('a token', /^[ \t]*npmAuth(?:Token|Ident):[ \t]*["']?(?!\$)[^\s"']{8}/m),
      isCertainByName: false,
    },
  ],
  [
    /(?:^|\/)\.pypirc$/,
    {
      what: 'credentials of PyPI',
      evidence: held('a password', /^[ \t]*password[ \t]*[=:][ \t]*[^\s%]/m),
      isCertainByName: true,
    },
  ],
  [
    /(?:^|\/)[._]netrc$/,
    { what: 'passwords of hosts', evidence: held('a password', /\bpassword\s+[^\s$]/), isCertainByName: true },
  ],
  [
    /(?:^|\/)\.git-credentials$/,
    { what: 'passwords of Git', evidence: held('a password', /:\/\/[^\s/:@]*:[^\s/@]+@/), isCertainByName: true },
  ],
  [
    /(?:^|\/)\.aws\/credentials$/,
    {
      what: 'credentials of AWS',
      evidence: held('a secret key', /^[ \t]*aws_secret_access_key[ \t]*=[ \t]*\S/m),
      isCertainByName: true,
    },
  ],
  [
    /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|\.dockerconfigjson)$/,
    {
      what: 'credentials of registries',
      evidence: held('a password', /"(?:auth|identitytoken|password)"\s*:\s*"[^"]/),
      isCertainByName: false,
    },
  ],
  [
    /(?:^|\/)\.kube\/config$/,
    {
      what: 'credentials of Kubernetes',
      evidence: held('a key', /\b(?:client-key-data|token|password):[ \t]*\S/),
      isCertainByName: true,
    },
  ],
  [
    /(?:^|\/)[^/]*(?:service[-_]?account|credentials|gcp[-_]?key)[^/]*\.json$/i,
    { what: 'credentials of a service', evidence: held('a private key', PRIVATE_KEY), isCertainByName: false },
  ],
]

/** The kind of secret that the path of a file suggests; undefined for other paths. */
export function secretFile(path: string): SecretFile | undefined {
  return kinds.find(([pattern]) => pattern.test(path))?.[1]
}

/** Variables of an environment file whose names speak of secrets, and that have a value that isn't a placeholder. */
function secretVariables(content: string): string | undefined {
  const names = content.split(/\r?\n/).flatMap((line, index) => {
    const [, name = '', value = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*["']?([^\s"'#]*)/.exec(line) ?? []
    const speaks =
      /(?:^|_)(?:SECRET|TOKEN|PASSWORD|PASSWD|PASS|PWD|APIKEY|API_KEY|PRIVATE_KEY|SECRET_KEY|ACCESS_KEY|CREDENTIALS?)(?:_|$)/i
    const harmless = /(?:^|_)(?:PUBLIC|PUBLISHABLE|FILE|PATH|NAME|URL|TTL|EXPIR\w*|LENGTH|ENABLED|TIMEOUT)(?:_|$)/i
    const isPlaceholder =
      /^(?:.{0,3}|.*[$<{].*|(.)\1*|.*(?:change|secret|pass|test|example|dummy|sample|placeholder|your|todo|local|none|null|false|true).*)$/i
    return speaks.test(name) && !harmless.test(name) && !isPlaceholder.test(value) ? `${name} (line ${index + 1})` : []
  })
  const [first] = names
  if (first === undefined) return undefined
  return `it sets ${first}${names.length > 1 ? ` and ${names.length - 1} more like it` : ''}`
}
