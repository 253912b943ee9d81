// What is in force at a point of a stage while its instructions are evaluated.
import type { ContainerConfig, Platform } from '../oci/types.ts'
import { nextScope } from './scope.ts'
import type { EvaluatedInstruction, PlannedHistory, ResolvedImage, Scope } from './types.ts'

/** The mutable state of one stage; a stage built on another starts from a copy of its state. */
export interface StageState {
  /** ENV and ARG values, in order of first appearance; ARG values are visible to later instructions but not in the image. */
  readonly env: Map<string, string>
  /** What {@link setVariable} changed since the scope was last taken. */
  readonly changes: [name: string, value: string][]
  /** The last that {@link takeScope} made. */
  scope: Scope | undefined
  /** ARG instructions seen, in order: RUN puts their values into history. */
  readonly args: Map<string, string | undefined>
  config: Mutable<ContainerConfig>
  platform: Platform
  /** The os, architecture and variant that the image config will say. */
  imagePlatform: Platform
  author: string | undefined
  baseImage: ResolvedImage | undefined
  readonly history: PlannedHistory[]
  readonly instructions: EvaluatedInstruction[]
  /** The vertex that holds the filesystem. */
  filesystem: string
  /** CMD was given in this stage, so that ENTRYPOINT must not clear it. */
  cmdIsSet: boolean
  /** Lists and records of the config that this stage has copied, and may change in place: thousands of instructions add to one. */
  readonly own: OwnParts
}

interface OwnParts {
  env?: { readonly list: string[]; readonly positions: Map<string, number> }
  readonly records: Map<RecordName, Record<string, unknown>>
}

type RecordName = 'Labels' | 'ExposedPorts' | 'Volumes'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The state of a stage that starts from nothing, or from a directory. */
export function emptyState(platform: Platform, filesystem: string): StageState {
  return newState({ WorkingDir: '/' }, platform, filesystem)
}

/** The state of a stage that starts from an image. Its ONBUILD triggers are not part of it. */
export function stateFromImage(image: ResolvedImage, platform: Platform, filesystem: string): StageState {
  const { OnBuild: _, ...config } = image.config.config ?? {}
  const state = newState(config, platform, filesystem)
  const { os, architecture, variant } = image.config
  const osVersion = image.config['os.version']
  const osFeatures = image.config['os.features']
  state.imagePlatform = {
    os,
    architecture,
    ...(variant && { variant }),
    ...(osVersion && { 'os.version': osVersion }),
    ...(osFeatures && { 'os.features': osFeatures }),
  }
  state.author = image.config.author
  state.baseImage = image
  return state
}

/** The state of a stage built on another stage of the same Dockerfile. */
export function stateFromStage(base: StageState): StageState {
  const { OnBuild: _, ...config } = base.config
  return {
    ...base,
    env: new Map(base.env),
    changes: [...base.changes],
    args: new Map(base.args),
    config,
    history: [...base.history],
    instructions: [],
    cmdIsSet: false,
    own: { records: new Map() },
  }
}

function newState(config: ContainerConfig, platform: Platform, filesystem: string): StageState {
  const env = new Map((config.Env ?? []).map(splitVariable))
  return {
    env,
    changes: [...env],
    scope: undefined,
    args: new Map(),
    config: { ...config },
    platform,
    imagePlatform: platform,
    author: undefined,
    baseImage: undefined,
    history: [],
    instructions: [],
    filesystem,
    cmdIsSet: false,
    own: { records: new Map() },
  }
}

/** Makes sure that PATH is set, which every image gets but those for Windows. */
export function ensurePath(state: StageState): void {
  if (state.env.has('PATH') || state.platform.os === 'windows') return
  setEnv(state, 'PATH', DEFAULT_PATH)
}

/** ENV: for later instructions and for the image. */
export function setEnv(state: StageState, key: string, value: string): void {
  setVariable(state, key, value)
  state.own.env ??= ownEnv(state.config.Env)
  const { list, positions } = state.own.env
  const at = positions.get(key) ?? list.length
  positions.set(key, at)
  list[at] = `${key}=${value}`
  state.config.Env = list
}

function ownEnv(inherited: readonly string[] = []): NonNullable<OwnParts['env']> {
  const positions = new Map<string, number>()
  for (const [at, entry] of inherited.entries()) {
    const [key] = splitVariable(entry)
    // Of a name that a base image has twice, the first counts.
    if (!positions.has(key)) positions.set(key, at)
  }
  return { list: [...inherited], positions }
}

/** Adds to one of the config's records. */
export function setRecord<K extends RecordName>(
  state: StageState,
  name: K,
  pairs: readonly (readonly [string, NonNullable<ContainerConfig[K]>[string]])[],
): void {
  let record = state.own.records.get(name)
  if (!record) state.own.records.set(name, (record = { ...state.config[name] }))
  // Whatever the key: `__proto__` is one as any other.
  for (const [key, value] of pairs) {
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  }
  state.config[name] = record as Mutable<ContainerConfig>[K]
}

/** A variable for later instructions. */
export function setVariable(state: StageState, name: string, value: string): void {
  if (state.env.get(name) === value) return
  state.env.set(name, value)
  state.changes.push([name, value])
}

/** What is in force now. */
export function takeScope(state: StageState): Scope {
  const { User = '', WorkingDir } = state.config
  state.scope = nextScope(state.scope, { variables: state.changes.splice(0), user: User, workdir: WorkingDir || '/' })
  return state.scope
}

/** Adds a history entry. `vertex` is given when the instruction makes a layer. */
export function commit(state: StageState, text: string, vertex?: string): void {
  state.history.push({ created_by: text, comment: 'buildkit.dockerfile.v0', vertex, empty: vertex === undefined })
}

function splitVariable(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return at === -1 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)]
}
