// The state of a stage while its instructions are evaluated.

import { DEFAULT_PATH } from '../../base/default-path.ts'
import { entriesOf, type SharedMap, valueIn, withValue } from '../../base/shared-map.ts'
import type { ContainerConfig, Platform } from '../../oci/types.ts'
import type { SketchedImage } from '../resolved-name.ts'
import type { EvaluatedInstruction, PlannedHistory, ResolvedImage, Scope } from '../types.ts'
import { splitVariable } from './split-variable.ts'

/**
 * The mutable state of one stage. A stage on another starts from the same maps and history, which never change
 * themselves.
 */
export interface StageState {
  /**
   * ENV and ARG values, in order of first appearance; ARG values are visible to later instructions but not in
   * the image.
   */
  env: SharedMap<string>
  /** ENV values alone, those of the base image included. */
  imageEnv: SharedMap<string>
  /**
   * The variables that an ARG of this stage set, and no ENV after it. A stage on top of this one sees the
   * image's values again.
   */
  readonly hidden: Set<string>
  /** The last result of {@link takeScope}, and the map that it was made from. */
  taken: { readonly scope: Scope; readonly env: SharedMap<string> } | undefined
  /** ARG instructions seen, in order: RUN puts their values into history. */
  args: SharedMap<string | undefined>
  /** The fields of the config that instructions replace. */
  readonly config: Mutable<Omit<ContainerConfig, AddedName | 'OnBuild'>>
  readonly added: { -readonly [K in AddedName]: SharedMap<Added[K]> }
  readonly onBuild: string[]
  platform: Platform
  /** The os, architecture and variant that the image config will say. */
  imagePlatform: Platform
  author: string | undefined
  baseImage: ResolvedImage | undefined
  /** The base image's name if its variables are not known, which only a check puts up with. */
  unknownBase: string | undefined
  history: HistoryLink | undefined
  readonly instructions: EvaluatedInstruction[]
  /** The vertex that holds the filesystem. */
  filesystem: string
  /** CMD was given in this stage, so that ENTRYPOINT must not clear it. */
  cmdIsSet: boolean
}

/** The additions to the base image's config, by field and name. */
export interface Added {
  readonly Env: string
  readonly Labels: string
  readonly ExposedPorts: Record<string, never>
  readonly Volumes: Record<string, never>
}

export type AddedName = keyof Added

/** The last entry of a history, and those before it. */
export interface HistoryLink {
  readonly entry: PlannedHistory
  readonly before: HistoryLink | undefined
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The state of a stage that starts from nothing, or from a directory. */
export function emptyState(platform: Platform, filesystem: string): StageState {
  return newState({ WorkingDir: '/' }, platform, filesystem)
}

/** The state of a stage that starts from an image. Its ONBUILD triggers are not part of it. */
export function stateFromImage(image: ResolvedImage, platform: Platform, filesystem: string): StageState {
  const state = newState(image.config.config ?? {}, platform, filesystem)
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

/**
 * The state of a stage that starts from an image of which only a part is known. Its ONBUILD triggers are not
 * part of it.
 */
export function stateFromSketch(image: SketchedImage, platform: Platform, filesystem: string): StageState {
  const state = newState(image.config, platform, filesystem)
  state.imagePlatform = image.platform ?? platform
  if (!image.config.Env) state.unknownBase = image.name
  return state
}

/** The state of a stage built on another stage of the same Dockerfile, which costs the same however much that has. */
export function stateFromStage(base: StageState): StageState {
  const state: StageState = {
    ...base,
    hidden: new Set(),
    config: { ...base.config },
    added: { ...base.added },
    onBuild: [],
    instructions: [],
    cmdIsSet: false,
  }
  for (const name of base.hidden) {
    const value = valueIn(base.imageEnv, name)
    if (value !== undefined) setVariable(state, name, value)
  }
  return state
}

function newState(config: ContainerConfig, platform: Platform, filesystem: string): StageState {
  const { Env = [], Labels: _l, ExposedPorts: _e, Volumes: _v, OnBuild: _o, ...replaced } = config
  // If an image has a name twice, instructions see the last value.
  const env = Env.map(splitVariable).reduce<SharedMap<string>>(
    (map, [name, value]) => withValue(map, name, value),
    undefined,
  )
  return {
    env,
    imageEnv: env,
    hidden: new Set(),
    taken: undefined,
    args: undefined,
    config: replaced,
    added: { Env: undefined, Labels: undefined, ExposedPorts: undefined, Volumes: undefined },
    onBuild: [],
    platform,
    imagePlatform: platform,
    author: undefined,
    baseImage: undefined,
    unknownBase: undefined,
    history: undefined,
    instructions: [],
    filesystem,
    cmdIsSet: false,
  }
}

/** Makes sure that PATH is set, which every image gets but those for Windows. */
export function ensurePath(state: StageState): void {
  if (variableOf(state, 'PATH') !== undefined || state.platform.os === 'windows') return
  setEnv(state, 'PATH', DEFAULT_PATH)
}

/** The value that instructions see. */
export function variableOf({ env }: StageState, name: string): string | undefined {
  return valueIn(env, name)
}

/** ENV: for later instructions and for the image. */
export function setEnv(state: StageState, name: string, value: string): void {
  setVariable(state, name, value)
  state.imageEnv = withValue(state.imageEnv, name, value)
  addTo(state, 'Env', name, value)
  state.hidden.delete(name)
}

/** Args that control BuildKit itself. They never become variables. */
export const BUILDER_ARGS: ReadonlySet<string> = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'])

/** ARG: for later instructions of this stage. */
export function setArg(state: StageState, name: string, value: string | undefined): void {
  state.args = withValue(state.args, name, value)
  if (value === undefined || BUILDER_ARGS.has(name)) return
  setVariable(state, name, value)
  state.hidden.add(name)
}

/** Adds to one of the config's fields that grow. */
export function addTo<K extends AddedName>({ added }: StageState, part: K, name: string, value: Added[K]): void {
  const parts: { [N in K]: SharedMap<Added[N]> } = added
  parts[part] = withValue(parts[part], name, value)
}

function setVariable(state: StageState, name: string, value: string): void {
  state.env = withValue(state.env, name, value)
}

/** The scope at this point; the same object as before if nothing changed. The map is made on first use. */
export function takeScope(state: StageState): Scope {
  const { env, taken } = state
  const { User: user = '', WorkingDir } = state.config
  const workdir = WorkingDir || '/'
  const before = taken && taken.env === env ? taken.scope : undefined
  if (before?.user === user && before.workdir === workdir) return before
  let map: Scope['env'] | undefined
  const scope: Scope = {
    user,
    workdir,
    get env() {
      map ??= before?.env ?? new Map(entriesOf(env))
      return map
    },
  }
  state.taken = { scope, env }
  return scope
}

/** Adds a history entry. `vertex` is given when the instruction makes a layer. */
export function commit(state: StageState, text: string, vertex?: string): void {
  const entry = { created_by: text, comment: 'buildkit.dockerfile.v0', vertex, empty: vertex === undefined }
  state.history = { entry, before: state.history }
}
