// A RUN: its layer found by its key, or made by a worker.

import { type ErrorCode, TsbuildError } from '../../base/errors.ts'
import { cacheKey, KEY_VERSION, type KeyPart } from '../../cache/cache-key.ts'
import type { Store } from '../../cache/store.ts'
import type { RunOp, Vertex } from '../../graph/types.ts'
import { resolvePath } from '../../layers/paths/resolve-path.ts'
import { isDigest } from '../../oci/digest.ts'
import { formatPlatform, normalisePlatform } from '../../oci/platform.ts'
import type { CacheKey, DiffID } from '../../oci/types.ts'
import { layersOf, stack, stackKey, viewOf } from '../filesystem.ts'
import { layerInEncoding } from '../layer-encodings.ts'
import { previousBlob } from '../produce-layer.ts'
import type { Filesystem, Session, StackedLayer, StepResult } from '../session.ts'
import type { WantedEncoding } from '../wanted-encoding.ts'
import type { FromWorker, RunRequest } from '../worker/protocol.ts'
import { type PlannedRun, planMounts } from './mounts/plan-mounts.ts'
import { createOutputTail } from './output-tail.ts'

// What Docker gives a container, in bytes.
const SHM_SIZE = 64 * 1024 * 1024
const HOSTNAME = 'buildkitsandbox'
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Carries out a RUN on a filesystem. The result is recorded under a key made of the command, its environment and
 * mounts, and of the layers below it. Errors with `RUN_FAILED` when the command fails, and as {@link planMounts}
 * does.
 */
export async function executeRun(
  vertex: Vertex,
  op: RunOp,
  filesystem: Filesystem,
  sources: readonly StepResult[],
  form: WantedEncoding,
  session: Session,
): Promise<StepResult> {
  const { store, noCache } = session
  const planned = await planMounts(op, sources, session)
  const parts = keyParts(op, filesystem, planned, session)
  const key = cacheKey('RUN', parts)
  const found = noCache ? undefined : await findRun(key, form, session)
  if (found) return { kind: 'filesystem', filesystem: stack(filesystem, found), cached: true }

  // What the step made last time resembles what it will make now.
  const definition = definitionKey(op)
  const former = store.records.find(definition)
  const request = runRequest(vertex.id, op, filesystem, planned, form, session)
  const reuse = former && previousBlob(former, form, session)
  await bringHere(request, session)
  await checkEmulator(vertex.id, filesystem, session)
  const done = await runInWorker({ ...request, reuse }, op, session)
  const { diffID, descriptor, exact } = done
  if (form !== 'any' && form.algorithm === 'gzip') store.layers.add(diffID, { ...form, descriptor })
  const created = new Date((session.epoch ?? Math.floor(Date.now() / 1000)) * 1000).toISOString()
  const record = { version: KEY_VERSION, step: 'RUN', created, parts, result: { diffID } }
  store.records.save({ ...record, key: definition, parts: [commandPart(op)] })
  // Where owners got lost another place may do better: the step has to run again there.
  if (exact) store.records.save({ ...record, key })
  return {
    kind: 'filesystem',
    filesystem: stack(filesystem, { layer: { diffID, descriptor }, created }),
    cached: false,
  }
}

/** Whether the command was never run before, so that there can be no layer of it. */
export function isNewCommand(op: RunOp, { records }: Store): boolean {
  return records.find(definitionKey(op)) === undefined
}

const definitionKey = (op: RunOp): CacheKey => cacheKey('RUN definition', [commandPart(op)])

const commandPart = (op: RunOp): KeyPart => ({ label: 'command', value: JSON.stringify([op.args, op.script ?? null]) })

function keyParts(op: RunOp, filesystem: Filesystem, planned: PlannedRun, session: Session): KeyPart[] {
  const { run, epoch } = session
  return [
    commandPart(op),
    { label: 'environment', value: JSON.stringify([...op.env].sort()) },
    { label: 'platform', value: formatPlatform(normalisePlatform(op.platform)) },
    { label: 'user', value: op.user },
    { label: 'working directory', value: op.workdir },
    { label: 'mounts', value: JSON.stringify(planned.mounts.map((mount) => mount.key)) },
    { label: 'network', value: op.network ?? run.network ?? 'default' },
    { label: 'security', value: op.security ?? 'sandbox' },
    // As in BuildKit: which hosts there are matters, where they are does not.
    { label: 'hosts', value: JSON.stringify((run.extraHosts ?? []).map(({ host }) => host)) },
    { label: 'limits', value: JSON.stringify([run.resourceLimits ?? [], run.controlLimits ?? {}, run.shmSize ?? 0]) },
    { label: 'host name', value: run.hostname ?? '' },
    { label: 'timestamps', value: epoch === undefined ? 'source' : String(epoch) },
    { label: 'layers below', value: stackKey(filesystem) },
  ]
}

async function findRun(key: CacheKey, form: WantedEncoding, session: Session): Promise<StackedLayer | undefined> {
  const record = session.store.records.find(key)
  const result = record?.result
  if (typeof result !== 'object' || result === null || !('diffID' in result) || !isDigest(result['diffID'])) {
    return undefined
  }
  const layer = await layerInEncoding(result['diffID'] as DiffID, form, session)
  return layer && { layer, created: record?.created }
}

function runRequest(
  step: string,
  op: RunOp,
  filesystem: Filesystem,
  { mounts, env, secretEnv }: PlannedRun,
  form: WantedEncoding,
  { run, epoch }: Session,
): Omit<RunRequest, 'reuse'> {
  const network = op.network ?? run.network ?? 'default'
  const variables = [...op.env, ...Object.entries(op.proxy).map(([name, value]) => `${name}=${value}`)]
  const hasPath = variables.some((line) => line.startsWith('PATH='))
  // An agent's socket is only offered: a variable of the image goes before it.
  const offered = env.filter((line) => !line.startsWith('SSH_AUTH_SOCK=') || !hasVariable(variables, 'SSH_AUTH_SOCK'))
  // As with docker, a size that is asked for makes a mount of its own.
  const shm =
    run.shmSize === undefined
      ? []
      : [{ kind: 'tmpfs', target: '/dev/shm', size: run.shmSize, readonly: false } as const]
  return {
    kind: 'run',
    step,
    layers: layersOf(filesystem).map(({ layer }) => layer),
    args: op.args,
    script: op.script,
    env: [...variables, ...(hasPath ? [] : [PATH]), ...offered],
    secretEnv,
    workdir: op.workdir,
    user: op.user,
    mounts: [...mounts.flatMap(({ mount }) => mount ?? []), ...shm],
    // There is no network of our own to give: the default is the host's, as in BuildKit without a CNI provider.
    network: network === 'none' ? 'none' : 'host',
    insecure: op.security === 'insecure',
    hosts: (run.extraHosts ?? []).map(({ host, address }) => ({
      host,
      address: address === 'host-gateway' ? '127.0.0.1' : address,
    })),
    hostname: run.hostname ?? HOSTNAME,
    resourceLimits: run.resourceLimits ?? [],
    controlLimits: run.controlLimits ?? {},
    shmSize: SHM_SIZE,
    encoding: form,
    timestamp: epoch,
    keepFailed: run.keepFailed ?? false,
    strictOwnership: run.strictOwnership ?? false,
  }
}

/** The worker knows the local store only: what of a base is still elsewhere has to come first. */
async function bringHere(request: Pick<RunRequest, 'layers' | 'mounts'>, { store, signal }: Session): Promise<void> {
  const mounted = request.mounts.flatMap((mount) => ('layers' in mount ? mount.layers : []))
  for (const { diffID, descriptor } of [...request.layers, ...mounted]) {
    if (store.has(diffID) || store.holds(descriptor)) continue
    // To open it is to fetch it.
    for await (const _ of store.open(descriptor, signal)) break
  }
}

/** A kernel that doesn't find the emulator says that there is no such program: not what anybody would understand. */
async function checkEmulator(step: string, filesystem: Filesystem, session: Session): Promise<void> {
  const emulator = session.neededEmulators?.get(step)
  if (!emulator) return
  const view = await viewOf(filesystem, session)
  if (view.lookup(resolvePath(view, emulator.interpreter, { followLast: true })) !== undefined) return
  const where = `${emulator.interpreter} is not in the image, and ${emulator.name} is registered without the flag F`
  throw new TsbuildError('UNSUPPORTED', `the programs of this stage can't be run: their emulator ${where}`, {
    hint: 'register it with F ("docker run --privileged --rm tonistiigi/binfmt --install all"), or COPY it into the stage',
  })
}

const hasVariable = (env: readonly string[], name: string): boolean => env.some((line) => line.startsWith(`${name}=`))

type Done = Extract<FromWorker, { kind: 'done' }>

async function runInWorker(request: RunRequest, op: RunOp, session: Session): Promise<Done> {
  const tail = createOutputTail()
  const worker = await session.worker()
  const end = await worker.run(request, session.signal, (event) => {
    if (event.kind === 'warning') {
      session.warn({ code: event.code, message: event.message, hint: event.hint, step: request.step })
      return
    }
    tail.add(event.text)
    session.emit({ type: 'log', time: Date.now(), step: event.step, stream: event.stream, text: event.text })
  })
  if (end.kind === 'done') return end
  const how = end.exit.kind === 'exited' ? `exit code: ${end.exit.code}` : `killed by ${end.exit.signal}`
  const command = op.args.join(' ')
  const lines = tail.lines()
  throw new TsbuildError(
    'RUN_FAILED' satisfies ErrorCode,
    `process ${JSON.stringify(command)} did not complete successfully: ${how}`,
    {
      details: lines.length === 0 ? [] : ['its last output:', ...lines.map((line) => `  ${line}`)],
      hint: hintFor(end, lines),
    },
  )
}

const ONE_ID =
  'there is one user id here, and this program needs more: install the native helper, or get subordinate ids, as `tsbuild doctor` says'

function hintFor(
  { kept, exit, refused }: Extract<FromWorker, { kind: 'failed' }>,
  lines: readonly string[],
): string | undefined {
  if (refused) return ONE_ID
  if (kept !== undefined) return `look around in its filesystem with: tsbuild shell ${kept}`
  if (exit.kind === 'killed' && exit.signal === 'SIGKILL')
    return 'something killed it: maybe the system ran out of memory'
  if (exit.kind === 'exited' && exit.code === 127) return 'exit code 127 means that a command was not found'
  if (exit.kind === 'exited' && exit.code === 126) return 'exit code 126 means that a file could not be executed'
  return lines.length === 0 ? undefined : 'build with --keep-failed, then look around with `tsbuild shell`'
}
