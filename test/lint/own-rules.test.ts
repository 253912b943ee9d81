// The rules of tsbuild: what each speaks of, and what it leaves alone.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lintContext } from '../../lib/build/lint-context.ts'
import { createIgnoreMatcher } from '../../lib/context/ignore/ignore-matcher.ts'
import { openMemory } from '../../lib/context/memory-tree.ts'
import { fixDockerfile } from '../../lib/lint/fix-dockerfile.ts'
import { checkDockerfile, lint } from '../../lib/lint/lint.ts'
import type { LintOptions } from '../../lib/lint/lint-options.ts'
import { lintRules } from '../../lib/lint/rules.ts'
import { parse, stringify } from '../../lib/parser/index.ts'
import { dockerfileText } from '../parser/arbitrary-dockerfile.ts'

type Files = Readonly<Record<string, string>>

/** `line message` of each warning of one rule. */
function found(rule: string, text: string, files?: Files, options: LintOptions = {}): readonly string[] {
  const context = files && lintContext(openMemory(new Map(Object.entries(files))))
  const warnings = lint(parse(text), { enable: [rule], disable: ['docker'], context, ...options })
  expect(warnings.every((warning) => warning.rule === rule)).toBe(true)
  return warnings.map(({ line, message }) => `${line} ${message}`)
}

/** A stage with these instructions, from line 2. */
const stage = (...lines: readonly string[]): string => ['FROM debian:13', ...lines, ''].join('\n')

const privateKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n'
// In two parts: scanners of repositories look for tokens, too.
const githubToken = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
const awsKey = `AKIA${'2E7QJX4LRT5VNHWD'}`

describe('CopySpoilsCache', () => {
  const rule = 'CopySpoilsCache'
  const early = (...after: readonly string[]) => stage('WORKDIR /app', 'COPY . .', ...after)

  test('names the commands that run again, and what they need', () => {
    expect(found(rule, early('RUN apt-get update && apt-get install -y git', 'RUN npm ci'))).toEqual([
      '3 This COPY of the whole context comes too early: a change of any file runs `apt-get install` (line 4) and `npm ci` (line 5) again, ' +
        'which need only package.json and package-lock.json',
    ])
  })

  test('counts the files that spoil them, and names the manifests that are there', () => {
    const files = { 'package.json': '{}', 'index.js': '12345678' }
    expect(found(rule, early('RUN npm install'), files)).toEqual([
      '3 This COPY of the whole context comes too early: any change in 2 files (10 B) runs `npm install` (line 4) again, which needs only package.json',
    ])
  })

  test.each([
    ['RUN pip install --no-cache-dir -r requirements.txt'],
    ['RUN python3 -m pip install flask'],
    ['RUN go mod download'],
    ['RUN bundle install --jobs 4'],
    ['RUN composer install --no-dev --no-scripts'],
    ['RUN yarn install --frozen-lockfile'],
    ['RUN pnpm i'],
    ['RUN apk add --no-cache git'],
    ['RUN npm install -g pnpm@9'],
    ['RUN npm ci && npm run build'],
    ['RUN set -eux; apt-get update; apt-get install -y git; rm -rf /var/lib/apt/lists/*'],
    ['RUN <<EOF\napt-get update\napt-get install -y git\nEOF'],
  ])('speaks of %j', (run) => {
    expect(found(rule, early(run))).toHaveLength(1)
  })

  test.each([
    ['an install from the project itself', 'RUN pip install .'],
    ['an editable install', 'RUN pip install -e .'],
    ['a package in a file', 'RUN apt-get install -y ./tool.deb'],
    ['packages that a file names', 'RUN apt-get install -y $(cat packages.txt)'],
    ['a package that is added', 'RUN npm install express'],
    ['scripts of Composer', 'RUN composer install'],
    ['a cache mount', 'RUN --mount=type=cache,target=/root/.npm npm ci'],
    ['a command before it that may make something', 'RUN ./configure\nRUN npm ci'],
    ['a command in the same RUN', 'RUN ./add-repository.sh && apt-get install -y tool'],
    ['another working directory', 'WORKDIR web\nRUN npm ci'],
    ['the exec form', 'RUN ["npm", "ci"]'],
  ])('leaves alone %s', (_, run) => {
    expect(found(rule, early(run))).toEqual([])
  })

  test('leaves alone what was installed before', () => {
    const text = stage('WORKDIR /app', 'COPY package*.json ./', 'RUN npm ci', 'COPY . .', 'RUN npm ci --omit=dev')
    expect(found(rule, text)).toEqual([])
  })

  test.each<[string, Files]>([
    ['has scripts of its own', { 'package.json': '{ "scripts": { "postinstall": "node x.js" } }' }],
    ['has workspaces', { 'package.json': '{ "workspaces": ["a"] }' }],
    ['depends on a directory', { 'package.json': '{ "dependencies": { "a": "file:../a" } }' }],
    ["isn't there", { 'index.js': '' }],
  ])('leaves alone a package that %s', (_, files) => {
    expect(found(rule, early('RUN npm ci'), files)).toEqual([])
  })

  test('leaves alone a COPY of less than everything', () => {
    expect(found(rule, stage('COPY src .', 'RUN apt-get install -y git'))).toEqual([])
    expect(found(rule, stage('COPY --exclude=*.md . .', 'RUN apt-get install -y git'))).toEqual([])
    expect(found(rule, `FROM scratch AS a\n${stage('COPY --from=a . .', 'RUN apt-get install -y git')}`)).toEqual([])
  })
})

describe('ArgSpoilsCache', () => {
  const rule = 'ArgSpoilsCache'
  const install = 'RUN apk add curl'

  test('says which steps run again, and where the ARG can go', () => {
    expect(found(rule, stage('ARG GIT_SHA', install, 'LABEL a=$GIT_SHA'))).toEqual([
      '2 ARG GIT_SHA comes too early: `apk add` (line 3) has it in the environment without using it, and runs again with every new value; ' +
        'declare it right before line 4, which uses it',
    ])
    expect(found(rule, stage('ARG BUILD_DATE=unknown', install, install))[0]).toMatch(
      /have it .* and run again .*; nothing in the stage uses it$/,
    )
  })

  test.each([
    ['a name that says nothing', ['ARG VERSION', install]],
    ['a value that pins something', ['ARG GIT_COMMIT=3f1c2d', install]],
    ['a step that uses it', ['ARG GIT_SHA', 'RUN apk add tool=$GIT_SHA']],
    ['a use before the step', ['ARG GIT_SHA', 'ENV REVISION=$GIT_SHA', install]],
    ['a step that does more than installing', ['ARG GIT_SHA', 'RUN apk add curl && ./build.sh']],
    ['an ARG behind the steps', [install, 'ARG GIT_SHA']],
  ])('leaves alone %s', (_, lines) => {
    expect(found(rule, stage(...lines))).toEqual([])
  })
})

describe('SecretFileCopied', () => {
  const rule = 'SecretFileCopied'

  test.each<[string, string, string]>([
    ['id_ed25519', privateKey, 'it holds a private key'],
    ['certs/server.key', '-----BEGIN PRIVATE KEY-----\n', 'it holds a private key'],
    ['.env', 'PORT=1\nDB_PASSWORD=hunter22\n', 'it sets DB_PASSWORD (line 2)'],
    [
      '.env.production',
      'A_TOKEN=9f8a7b6c\nexport B_SECRET="1q2w3e4r"\n',
      'it sets A_TOKEN (line 1) and 1 more like it',
    ],
    ['.npmrc', `//registry.npmjs.org/:_authToken=${githubToken}\n`, 'it holds a token'],
    ['.netrc', 'machine a login b password c\n', 'it holds a password'],
    ['.git-credentials', 'https://me:pw@example.com\n', 'it holds a password'],
    ['.aws/credentials', 'aws_secret_access_key = abc\n', 'it holds a secret key'],
    ['.docker/config.json', '{"auths":{"a":{"auth":"bWU6cHc="}}}', 'it holds a password'],
    ['service-account.json', '{"private_key":"-----BEGIN PRIVATE KEY-----"}', 'it holds a private key'],
  ])('speaks of %s in the context, and says why', (path, content, why) => {
    for (const source of ['.', path]) {
      const [message, ...more] = found(rule, stage(`COPY ${source} /x/`), { [path]: content })
      expect(more).toEqual([])
      expect(message).toContain(`2 ${JSON.stringify(path)} becomes part of a layer, and ${why}: `)
    }
  })

  test.each<[string, string]>([
    ['.env', 'PORT=80\nAPI_URL=http://a\nDB_PASSWORD=\nA_TOKEN=$TOKEN\nB_SECRET=changeme\nC_PUBLIC_KEY=9f8a7b6c5d\n'],
    ['.env.example', 'DB_PASSWORD=hunter22\n'],
    ['server.pem', '-----BEGIN CERTIFICATE-----\n'],
    ['id_rsa.pub', 'ssh-rsa AAAA'],
    ['.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nsave-exact=true\n'],
    ['test/fixtures/id_rsa', privateKey],
    ['node_modules/a/test.pem', privateKey],
    ['.netrc', ''],
  ])('leaves alone %s without a secret of one’s own', (path, content) => {
    expect(found(rule, stage('COPY . /x/'), { [path]: content })).toEqual([])
  })

  test('leaves alone what is not there, or not in the image', () => {
    expect(found(rule, stage('COPY id_rsa /'), {})).toEqual([])
    expect(found(rule, stage('COPY --exclude=id_rsa . /'), { id_rsa: privateKey })).toEqual([])
    expect(
      found(rule, `FROM scratch AS a\nCOPY id_rsa /\nFROM scratch\nCOPY --from=a /b /`, { id_rsa: privateKey }),
    ).toEqual([])
    expect(
      found(rule, 'FROM scratch\nRUN --mount=type=bind,source=id_rsa,target=/k ["/x"]\n', { id_rsa: privateKey }),
    ).toEqual([])
  })

  test('goes by names that leave no doubt where the context is not known', () => {
    expect(found(rule, stage('COPY .ssh/id_rsa .env server.pem /'))).toEqual([
      expect.stringContaining('2 ".ssh/id_rsa" (an SSH private key) becomes part of a layer'),
    ])
  })

  test('finds what a pattern takes', () => {
    expect(found(rule, stage('COPY id_* /'), { id_rsa: privateKey, 'id_rsa.pub': '' })).toHaveLength(1)
  })
})

describe('SecretTokenWritten', () => {
  const rule = 'SecretTokenWritten'

  test.each([
    ['ENV', `ENV A=${githubToken}`, 'a GitHub token', "the image's config"],
    ['ARG', `ARG A=${awsKey}`, 'an AWS access key ID', "the image's history"],
    ['RUN', `RUN curl -H "Authorization: ${githubToken}" https://a`, 'a GitHub token', "the image's history"],
    ['COPY', `COPY <<EOF /a\n${awsKey}\nEOF`, 'an AWS access key ID', "the image's history"],
  ])('speaks of one in %s, and does not print it', (kind, line, what, where) => {
    const text = stage(line)
    const [message = '', ...more] = found(rule, text)
    expect(more).toEqual([])
    expect(message).toMatch(`2 This ${kind} has ${what} in it (`)
    expect(message).toContain(`*), which stays in ${where}: `)
    expect(message).not.toContain(githubToken.slice(4))
    expect(message).not.toContain(awsKey.slice(4))
  })

  test('speaks of private keys', () => {
    const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
    expect(
      found(
        rule,
        stage(`RUN <<EOF\ncat > k <<K\n-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\nK\nEOF`),
      ),
    ).toEqual([expect.stringContaining('has a private key in it (----')])
    expect(found(rule, stage('RUN grep -q -e "-----BEGIN PRIVATE KEY-----" k'))).toEqual([])
  })

  test.each([
    ['an example', `ENV A=AKIA${'IOSFODNN7EXAMPLE'}`],
    ['a placeholder', `ENV A=ghp_${'x'.repeat(36)}`],
    ['a variable', 'ENV A=ghp_$TOKEN'],
    ['a comment inside of an instruction', `RUN a \\\n # ${githubToken}\n b`],
  ])('leaves alone %s', (_, line) => {
    expect(found(rule, stage(line))).toEqual([])
  })
})

describe('UnwantedFilesCopied', () => {
  const rule = 'UnwantedFilesCopied'
  const files = { '.git/HEAD': 'ref', '.git/objects/a': '1234567', 'web/node_modules/a/b.js': '123', 'src/a.js': '' }

  test('counts the files and bytes of each', () => {
    expect(found(rule, stage('COPY . /app', 'RUN npm ci'), files)).toEqual([
      '2 This COPY takes along .git (2 files, 10 B) and web/node_modules (1 file, 3 B): there is no .dockerignore',
    ])
  })

  test('says when there is an ignore file that does not do', () => {
    const ignore = createIgnoreMatcher({ name: '.dockerignore', text: 'docs\n' })
    expect(found(rule, stage('ADD . /app'), files, { ignore })).toEqual([
      "2 This ADD takes along .git (2 files, 10 B): the ignore file doesn't keep it out",
    ])
  })

  test.each<[string, Files]>([
    ['caches of tools', { '.mypy_cache/a': '' }],
    ['virtual environments, whatever their name', { 'env3/pyvenv.cfg': '' }],
  ])('speaks of %s', (_, extra) => {
    expect(found(rule, stage('COPY . /app'), extra)).toHaveLength(1)
  })

  test.each<[string, readonly string[]]>([
    ['a repository that a step uses', ['COPY .git /app/.git', 'RUN git describe']],
    ['installed dependencies where nothing installs them', ['COPY web /app']],
    ['a COPY of something else', ['COPY src /app', 'RUN npm ci']],
  ])('leaves alone %s', (_, lines) => {
    expect(found(rule, stage(...lines), files)).toEqual([])
  })
})

describe('DeletedInLaterLayer', () => {
  const rule = 'DeletedInLaterLayer'
  const tar = { 'big.tar': 'x'.repeat(100_000), 'small.sh': 'x' }

  test('says which layer keeps how many bytes', () => {
    expect(found(rule, stage('COPY big.tar /tmp/', 'RUN tar -xf /tmp/big.tar && rm /tmp/big.tar'), tar)).toEqual([
      '3 Removing /tmp/big.tar here only hides it: its 100 kB stay in the layer of COPY (line 2); use RUN --mount=type=bind instead',
    ])
  })

  test('says that a secret can still be read', () => {
    expect(found(rule, stage('COPY id_rsa /root/.ssh/id_rsa', 'RUN git clone a && rm -rf /root/.ssh'))).toEqual([
      '3 Removing /root/.ssh/id_rsa here only hides it: it can still be read from the layer of COPY (line 2); use RUN --mount=type=secret',
    ])
  })

  test.each([
    ['downloads', ['RUN cd /tmp && curl -fsSLo a.tgz https://a', 'RUN rm -f /tmp/*.tgz']],
    ['downloads of wget', ['WORKDIR /w', 'RUN wget -qO a.tgz https://a', 'RUN rm a.tgz']],
    ['package lists', ['RUN apt-get update && apt-get install -y a', 'RUN rm -rf /var/lib/apt/lists/*']],
  ])('speaks of %s', (_, lines) => {
    expect(found(rule, stage(...lines))).toHaveLength(1)
  })

  test.each<[string, readonly string[]]>([
    ['what the same step removes', ['RUN curl -o /a https://a && rm /a', 'RUN rm -f /a']],
    ['other files', ['COPY big.tar /tmp/', 'RUN rm -rf /var/tmp/* /tmp/big /usr']],
    ['small scripts', ['COPY small.sh /tmp/', 'RUN sh /tmp/small.sh && rm /tmp/small.sh']],
    ['paths in variables', ['COPY big.tar /tmp/', 'RUN rm "$FILE"']],
    ['mounts', ['RUN --mount=type=cache,target=/var/lib/apt apt-get update', 'RUN rm -rf /var/lib/apt/lists/*']],
  ])('leaves alone %s', (_, lines) => {
    expect(found(rule, stage(...lines), tar)).toEqual([])
  })

  test('leaves alone stages whose layers are not the image’s', () => {
    const text = `FROM debian AS a\nRUN curl -o /a https://a\nRUN rm /a\nFROM scratch\nCOPY --from=a /b /\n`
    expect(found(rule, text)).toEqual([])
  })
})

describe('AptUpdateAlone', () => {
  const rule = 'AptUpdateAlone'
  const fixed = (text: string) =>
    stringify(fixDockerfile(parse(text), { enable: [rule], disable: ['docker'] }).dockerfile)

  test('names the installs that use old lists', () => {
    expect(found(rule, stage('RUN apt-get update', 'RUN apt-get install -y a', 'RUN apt install b'))).toEqual([
      '2 `apt-get update` is cached apart from `apt-get install` (lines 3 and 4): once that changes it uses old package lists, or fails on them',
    ])
  })

  test('leaves alone an update with its install, or before none', () => {
    expect(found(rule, stage('RUN apt-get update && apt-get -y install a'))).toEqual([])
    expect(found(rule, stage('RUN apt-get update', 'RUN apt-get update && apt-get install a'))).toEqual([])
  })

  test('joins neighbours', () => {
    expect(fixed(stage('RUN apt-get update', '', 'RUN apt-get install -y \\\n  a'))).toBe(
      stage('RUN apt-get update && apt-get install -y \\\n  a'),
    )
  })

  test.each([
    ['a command that would run after a failed update', ['RUN apt-get update', 'RUN set -e; apt-get install a']],
    ['a comment between them', ['RUN apt-get update', '# why', 'RUN apt-get install a']],
    ['flags', ['RUN apt-get update', 'RUN --network=none apt-get install a']],
    ['a step between them', ['RUN apt-get update', 'USER root', 'RUN apt-get install a']],
    ['a heredoc', ['RUN apt-get update', 'RUN <<EOF\napt-get install a\nEOF']],
  ])('does not join across %s', (_, lines) => {
    expect(found(rule, stage(...lines))).toHaveLength(1)
    expect(fixed(stage(...lines))).toBe(stage(...lines))
  })
})

describe('GlobalArgInRun', () => {
  const rule = 'GlobalArgInRun'
  const text = (...lines: readonly string[]) => ['ARG V=1', 'FROM debian', ...lines, ''].join('\n')

  test('says where the ARG is', () => {
    expect(found(rule, text('RUN echo "a-$V"'))).toEqual([
      '3 $V is empty here: ARG V (line 1) comes before FROM, and so isn\'t a variable of the stage; add "ARG V" above this RUN',
    ])
    expect(found(rule, text('RUN <<EOF\necho ${V}\nEOF'))).toHaveLength(1)
  })

  test.each([
    ['an ARG of the stage', ['ARG V', 'RUN echo $V']],
    ['an ENV of the stage', ['ENV V=2', 'RUN echo $V']],
    ['single quotes', ["RUN echo '$V'"]],
    ['an escaped dollar', ['RUN echo \\$V']],
    ['a default', ['RUN echo ${V:-2}']],
    ['a variable of the command', ['RUN V=2; echo $V']],
    ['a loop', ['RUN for V in a b; do echo $V; done']],
    ['what is read', ['RUN cat a | while read -r V; do echo $V; done']],
    ['what a script may define', ['RUN . /etc/os-release && echo $V']],
    ['another shell', ['SHELL ["pwsh", "-c"]', 'RUN echo $V']],
    ['the exec form', ['RUN ["echo", "$V"]']],
  ])('leaves alone %s', (_, lines) => {
    expect(found(rule, text(...lines))).toEqual([])
  })

  test('leaves alone what an image that is not known may define', () => {
    const node = 'ARG NODE_VERSION=24\nFROM node:$NODE_VERSION\nRUN echo $NODE_VERSION\n'
    expect(found(rule, node)).toEqual([])
    expect(found(rule, node, undefined, { baseImage: () => ({ env: ['A=1'] }) })).toHaveLength(1)
    expect(found(rule, node, undefined, { baseImage: () => ({ env: ['NODE_VERSION=1'] }) })).toEqual([])
  })

  test('counts variables of the stage it stands on', () => {
    expect(found(rule, 'ARG V=1\nFROM scratch AS a\nARG V\nFROM a\nRUN echo $V\n')).toEqual([])
  })
})

describe('LostShellState', () => {
  test.each([
    ['RUN cd /app', 'use WORKDIR'],
    ['RUN export A=1', 'use ENV'],
    ['RUN . venv/bin/activate', 'join it with && to the RUN that needs it'],
    ['RUN set -e && source a.sh', 'join it with && to the RUN that needs it'],
  ])('speaks of %s', (line, advice) => {
    expect(found('LostShellState', stage(line))).toEqual([expect.stringContaining(`a shell of its own; ${advice}`)])
  })

  test.each(['RUN cd /app && make', 'RUN export A=1 > a', 'RUN cd $(mktemp -d)', 'RUN set -e', 'RUN ["cd", "/"]'])(
    'leaves alone %s',
    (line) => {
      expect(found('LostShellState', stage(line))).toEqual([])
    },
  )
})

describe('CmdIgnored', () => {
  test('says which ENTRYPOINT takes no arguments', () => {
    expect(found('CmdIgnored', stage('ENTRYPOINT a', 'CMD ["b"]'))).toEqual([
      '3 This CMD is never used: ENTRYPOINT (line 2) in shell form takes no arguments; write it as a JSON array',
    ])
  })

  test.each<[string, readonly string[]]>([
    ['the exec form', ['ENTRYPOINT ["a"]', 'CMD ["b"]']],
    ['a command that asks for arguments', ['ENTRYPOINT a "$@"', 'CMD ["b"]']],
    ['an ENTRYPOINT alone', ['ENTRYPOINT a']],
    ['an ENTRYPOINT that a later one replaces', ['ENTRYPOINT a', 'ENTRYPOINT []', 'CMD ["b"]']],
  ])('leaves alone %s', (_, lines) => {
    expect(found('CmdIgnored', stage(...lines))).toEqual([])
  })
})

describe('UnusedStage', () => {
  test('speaks of stages that nothing can build', () => {
    expect(found('UnusedStage', 'FROM a\nFROM b\nCOPY --from=0 / /\nFROM c AS d\nFROM e AS d\nFROM f\n')).toEqual([
      expect.stringMatching(/^1 Stage 0 is never built: .* it has no name/),
      expect.stringMatching(/^2 Stage 1 is never built: /),
      expect.stringMatching(/^4 Stage 2 is never built: .* a later stage has the name "d", too$/),
    ])
  })

  test('leaves alone stages that are used, named, or not asked for', () => {
    expect(found('UnusedStage', 'FROM a\nFROM b AS c\nFROM d\nCOPY --from=0 / /\n')).toEqual([])
    expect(found('UnusedStage', 'FROM a\nFROM b AS c\nFROM d\n', undefined, { target: 'c' })).toEqual([])
  })
})

describe('CopyOverwritten', () => {
  const files = { a: '123', b: '', 'd/a': '' }

  test('says what is in vain, and what it costs', () => {
    expect(found('CopyOverwritten', stage('COPY a /x/', 'COPY d/a /x/'), files)).toEqual([
      '2 This COPY of "a" to /x/a is in vain: line 3 writes the same file again, and its 3 B stay in the image',
    ])
  })

  test.each<[string, readonly string[]]>([
    ['a RUN between them', ['COPY a /x/', 'RUN cat /x/a', 'COPY d/a /x/']],
    ['other names', ['COPY a /x/', 'COPY b /x/']],
    ['directories that may be there', ['COPY a /x', 'COPY b /x']],
    ['the working directory', ['WORKDIR /x', 'COPY a /x', 'COPY b /x']],
    ['directories', ['COPY d /x/', 'COPY d /x/']],
  ])('leaves alone %s', (_, lines) => {
    expect(found('CopyOverwritten', stage(...lines), files)).toEqual([])
  })
})

describe('UnknownRuleName', () => {
  const options = { enable: ['UnknownRuleName'], disable: ['docker'] }
  test('knows what is meant, and fixes it', () => {
    const text =
      '# check=skip=FromAsCassing;experimental=UnpinedBase\nFROM a\n# check=skip=undefinedvar really\nUSER a\n'
    expect(found('UnknownRuleName', text)).toEqual([
      '1 There is no rule "FromAsCassing" to skip: did you mean FromAsCasing?',
      '1 There is no rule "UnpinedBase" to switch on: did you mean UnpinnedBase?',
      '4 There is no rule "undefinedvar" to skip: did you mean UndefinedVar?',
    ])
    expect(stringify(fixDockerfile(parse(text), options).dockerfile)).toBe(
      '# check=skip=FromAsCasing;experimental=UnpinnedBase\nFROM a\n# check=skip=UndefinedVar really\nUSER a\n',
    )
  })

  test.each(['skip=all', 'skip=CopySpoilsCache,FromAsCasing', 'skip=SomethingElse', 'error=true'])(
    'leaves alone %s',
    (value) => {
      expect(found('UnknownRuleName', `# check=${value}\nFROM a\n`)).toEqual([])
    },
  )
})

describe('rules of opinion', () => {
  const digest = `@sha256:${'0'.repeat(64)}`

  test('UnpinnedBase speaks of no tag and of latest', () => {
    const text = `FROM node\nFROM a:latest\nFROM a:1\nFROM a${digest}\nFROM scratch AS b\nFROM b\nFROM localhost:5000/a\n`
    expect(found('UnpinnedBase', text).map((line) => line.slice(0, 20))).toEqual([
      '1 The base "node" ha',
      '2 The base "a:latest',
      '7 The base "localhos',
    ])
    expect(found('UnpinnedBase', 'FROM a\n', undefined, { baseImage: () => ({ isNamedContext: true }) })).toEqual([])
  })

  test('BaseWithoutDigest speaks of tags, too', () => {
    expect(found('BaseWithoutDigest', `FROM a:1\nFROM a:1${digest}\n`)).toHaveLength(1)
  })

  test.each<[readonly string[], string | undefined]>([
    [[], '1 The image runs as root: its last stage has no USER, unless "debian:13" has a user of its own'],
    [['USER app', 'USER 0:0'], '3 The image runs as root: its last stage has USER 0:0'],
    [['USER app'], undefined],
    [['USER 1000'], undefined],
  ])('RunsAsRoot: %j', (lines, expected) => {
    expect(found('RunsAsRoot', stage(...lines))).toEqual(expected === undefined ? [] : [expected])
  })

  test('RunsAsRoot knows the users of bases', () => {
    const base = (user: string): LintOptions => ({ baseImage: () => ({ user }) })
    expect(found('RunsAsRoot', stage(), undefined, base('app'))).toEqual([])
    expect(found('RunsAsRoot', stage(), undefined, base(''))).toEqual([
      '1 The image runs as root: its last stage has no USER',
    ])
    expect(found('RunsAsRoot', 'FROM a AS b\nUSER c\nFROM b\n')).toEqual([])
    expect(found('RunsAsRoot', 'FROM gcr.io/distroless/static:nonroot\n')).toEqual([])
  })

  test('AddWithoutChecksum speaks of URLs', () => {
    const lines = [
      'ADD https://a/b /',
      'ADD http://a/b /',
      `ADD --checksum=sha256:${'0'.repeat(64)} https://a/b /`,
      'ADD https://a/b.git#v1 /',
      'ADD b /',
    ]
    expect(found('AddWithoutChecksum', stage(...lines)).map((line) => line.slice(0, 2))).toEqual(['2 ', '3 '])
  })

  test('AddInsteadOfCopy looks into the files, and fixes what is certain', () => {
    const lines = ['ADD a.json d /', 'add a.tar /', 'ADD --unpack=false a.json /', 'ADD nowhere /', 'ADD https://a/b /']
    const context = lintContext(
      openMemory(
        new Map([
          ['a.json', '{}'],
          ['d/a.tar', 'a\0'],
          ['a.tar', 'a\0'],
        ]),
      ),
    )
    const options = { enable: ['AddInsteadOfCopy'], disable: ['docker'], context }
    expect(stringify(fixDockerfile(parse(stage(...lines)), options).dockerfile)).toBe(
      stage('COPY a.json d /', ...lines.slice(1)),
    )
  })
})

describe('whatever the Dockerfile', () => {
  const files: Files = { a: 'a', 'b/c': 'c', '.git/HEAD': '', 'package.json': '{' }
  const options = { enable: ['all'], context: lintContext(openMemory(new Map(Object.entries(files)))) }

  test('nothing is thrown, and spans are inside of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          dockerfileText,
          fc.string().map((text) => `FROM a\nRUN ${text}\n`),
        ),
        (text) => {
          for (const { span } of lint(parse(text), options)) {
            expect(span.start >= 0 && span.start <= span.end && span.end <= text.length).toBe(true)
          }
        },
      ),
    )
  })

  test.each([
    ['a long script', `RUN ${'a && '.repeat(20_000)}a`],
    ['open quotes and brackets', `RUN ${'$('.repeat(20_000)}"'`],
    ['many files that are removed', 'COPY a /a1\nRUN rm /a1 /b\n'.repeat(1000)],
    ['many installs', 'ARG GIT_SHA\nRUN apt-get update\nRUN apt-get install a\n'.repeat(600)],
    ['many stars', `COPY ${'*a'.repeat(50)} /`],
    ['much that looks like keys', `RUN ${'-----BEGIN PRIVATE KEY-----'.repeat(3000)}`],
    ['many directives', '# check=skip=A,B,C\nUSER a\n'.repeat(1000)],
  ])('%s takes no long time', (_, text) => {
    const started = performance.now()
    lint(parse(stage(text)), options)
    expect(performance.now() - started).toBeLessThan(4000)
  })
})

describe('the choice of rules', () => {
  const text = 'FROM node as a\nRUN cd /\n'
  const rules = (options: LintOptions, directive = '') =>
    lint(parse(directive + text), options)
      .map(({ rule }) => rule)
      .sort()

  test.each<[string, LintOptions, readonly string[]]>([
    ['BuildKit’s alone', {}, ['FromAsCasing']],
    ['a set', { enable: ['certain'] }, ['FromAsCasing', 'LostShellState']],
    ['a rule', { enable: ['UnpinnedBase'] }, ['FromAsCasing', 'UnpinnedBase']],
    ['all', { enable: ['all'] }, ['BaseWithoutDigest', 'FromAsCasing', 'LostShellState', 'RunsAsRoot', 'UnpinnedBase']],
    ['a set without a rule', { enable: ['certain'], disable: ['LostShellState'] }, ['FromAsCasing']],
    ['a rule alone', { enable: ['LostShellState'], disable: ['all'] }, ['LostShellState']],
    [
      'one of a disabled set',
      { enable: ['certain', 'LostShellState'], disable: ['certain'] },
      ['FromAsCasing', 'LostShellState'],
    ],
    ['disabled before enabled', { enable: ['LostShellState'], disable: ['LostShellState', 'docker'] }, []],
    ['none', { disable: ['all'] }, []],
  ])('%s', (_, options, expected) => {
    expect(rules(options)).toEqual(expected)
  })

  test('of a set has BuildKit’s experimental rules when all are chosen', () => {
    const described = 'FROM scratch\n# something else\nARG a\n'
    const of = (enable: readonly string[]) => lint(parse(described), { enable }).map(({ rule }) => rule)
    expect(of(['docker'])).toEqual([])
    expect(of(['InvalidDefinitionDescription'])).toEqual(['InvalidDefinitionDescription'])
    expect(of(['all'])).toContain('InvalidDefinitionDescription')
  })

  test('gives way to skip, for the file and for an instruction', () => {
    expect(rules({ enable: ['all'] }, '# check=skip=all\n')).toEqual([])
    expect(rules({ enable: ['certain'] }, '# check=skip=LostShellState\n')).toEqual(['FromAsCasing'])
    const lines = 'FROM scratch\n# check=skip=LostShellState\nRUN cd /\nRUN cd /a\n'
    expect(found('LostShellState', lines).map((line) => line.slice(0, 2))).toEqual(['4 '])
  })

  test('is the Dockerfile’s, too, by name, once there is a choice at all', () => {
    const directive = '# check=experimental=UnpinnedBase\n'
    expect(rules({ enable: ['certain'] }, directive)).toContain('UnpinnedBase')
    expect(rules({}, directive)).toEqual(['FromAsCasing'])
    expect(rules({ enable: ['certain'] }, '# check=experimental=all\n')).not.toContain('UnpinnedBase')
  })

  test('counts for error=true', () => {
    const { warnings, failOnWarnings } = checkDockerfile(parse(`# check=error=true\n${text}`), { enable: ['certain'] })
    expect([warnings.length, failOnWarnings]).toEqual([2, true])
  })

  test.each([
    ['UnpinedBase', 'did you mean UnpinnedBase?'],
    ['certian', 'did you mean certain?'],
    ['nonsense-altogether', 'the sets are docker, certain, opinion, all'],
  ])('refuses %s', (name, hint) => {
    expect(() => lint(parse(text), { disable: [name] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', hint }),
    )
  })

  test('every rule is of one set', () => {
    const sets = lintRules.map(({ set }) => set)
    expect([22, 13, 5]).toEqual(['docker', 'certain', 'opinion'].map((set) => sets.filter((one) => one === set).length))
  })
})
