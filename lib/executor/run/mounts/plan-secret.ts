// `--mount=type=secret`: the secret is read here, and the worker writes its file.
import { TsbuildError } from '../../../base/errors.ts'
import { baseName } from '../../../base/paths.ts'
import { suggest } from '../../../base/suggest.ts'
import { readSecret } from '../../read-secret.ts'
import type { SecretSource } from '../../run-options.ts'
import type { Session } from '../../session.ts'
import { absolutePath, type PlannedMount, type ResolvedMount } from './planned-mount.ts'

export interface PlannedSecret {
  readonly planned: PlannedMount | undefined
  /** The variable of a mount with `env`, as `NAME=value`. */
  readonly variable: string | undefined
}

/**
 * A relative target is below the WORKDIR, as for every mount. Warns of a secret from a variable that is not set: as in
 * BuildKit it is empty. Errors with `SECRET_NOT_FOUND` for a required secret that was not given, and as
 * {@link readSecret} does.
 */
export function planSecret(
  mount: ResolvedMount,
  workdir: string,
  { run, access, warn }: Pick<Session, 'run' | 'access' | 'warn'>,
): PlannedSecret {
  const id = mount.source || mount.id || lastName(mount.target)
  const asFile = mount.env === undefined || mount.target !== ''
  const target = absolutePath(mount.target === '' ? `/run/secrets/${lastName(id)}` : mount.target, workdir)
  const { uid = 0, gid = 0, mode = 0o400 } = mount
  // The value is no part of the key: a changed secret runs nothing again, and a digest of the value could reveal it.
  const key = `secret ${JSON.stringify(id)} ${asFile ? target : ''} ${mount.env ?? ''} ${uid} ${gid} ${mode}`
  const source = run.secrets?.[id]
  const bytes = source && (readSecret(id, source, access.env) ?? unsetSecret(id, source, warn))
  if (!bytes) {
    if (!mount.required) return { planned: { mount: undefined, key }, variable: undefined }
    throw new TsbuildError('SECRET_NOT_FOUND', `the secret ${JSON.stringify(id)} was not given`, {
      hint: `pass it with --secret id=${id},src=FILE or --secret id=${id},env=NAME${givenInstead(id, run.secrets)}`,
    })
  }
  const content = Buffer.from(bytes).toString('base64')
  const planned: PlannedMount = {
    mount: asFile ? { kind: 'secret', target, content, uid, gid, mode } : undefined,
    key,
  }
  const variable =
    mount.env === undefined ? undefined : `${mount.env === '' ? id : mount.env}=${Buffer.from(bytes).toString()}`
  return { planned, variable }
}

/** The ids that were given, since the missing one may be misspelt. */
function givenInstead(id: string, secrets: Session['run']['secrets'] = {}): string {
  const given = Object.keys(secrets)
  if (given.length === 0) return ''
  const near = suggest(id, given)
  if (near !== undefined) return `; or did you mean the secret ${JSON.stringify(near)}, which was given?`
  return `; given were ${given.map((name) => JSON.stringify(name)).join(', ')}`
}

function unsetSecret(id: string, source: SecretSource, warn: Session['warn']): Uint8Array {
  const name = source.kind === 'env' ? source.name : id
  warn({
    code: 'SECRET_NOT_FOUND',
    message: `the secret ${JSON.stringify(id)} is empty: the variable ${name} is not set`,
    hint: `set ${name}, or pass the secret as a file: --secret id=${id},src=FILE`,
    step: undefined,
  })
  return new Uint8Array()
}

/** The last component of a path; as in Go's path.Base, a slash at the end does not count. */
const lastName = (path: string): string => baseName(path.replace(/\/+$/, ''))
