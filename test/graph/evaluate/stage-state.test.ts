// Stages on stages: what is inherited is shared, so that a chain of them costs what its instructions say,
// however long it is.
import { describe, expect, test } from 'vitest'
import { stageConfig, stageHistory } from '../../../lib/graph/evaluate/stage-config.ts'
import {
  addTo,
  commit,
  emptyState,
  setArg,
  setEnv,
  stateFromImage,
  stateFromStage,
  takeScope,
} from '../../../lib/graph/evaluate/stage-state.ts'
import type { ContainerConfig } from '../../../lib/oci/types.ts'
import { evaluate } from '../evaluate.ts'

const amd64 = { os: 'linux', architecture: 'amd64' }

function imageState(config: ContainerConfig) {
  const descriptor = { mediaType: '', digest: `sha256:${'0'.repeat(64)}`, size: 1 } as const
  const image = { ...amd64, config, rootfs: { type: 'layers', diff_ids: [] } } as const
  return stateFromImage({ name: 'base', descriptor, config: image }, amd64, 'base')
}

describe('a stage on another', () => {
  test('shares its variables, labels, ports, volumes and history', () => {
    const base = emptyState(amd64, 'scratch')
    setEnv(base, 'A', '1')
    setArg(base, 'B', '2')
    addTo(base, 'Labels', 'l', '3')
    addTo(base, 'ExposedPorts', '80/tcp', {})
    addTo(base, 'Volumes', '/v', {})
    commit(base, 'ENV A=1')
    const above = stateFromStage(base)
    for (const part of ['Env', 'Labels', 'ExposedPorts', 'Volumes'] as const) {
      // Without it two that are missing would count as shared.
      expect(above.added[part]).toBeDefined()
      expect(above.added[part]).toBe(base.added[part])
    }
    expect(above.env).toBe(base.env)
    expect(above.args).toBe(base.args)
    expect(above.history).toBe(base.history)
    commit(above, 'USER 1')
    expect(above.history?.before).toBe(base.history)
    expect(stageHistory(base).map((entry) => entry.created_by)).toEqual(['ENV A=1'])
    expect(stageHistory(above).map((entry) => entry.created_by)).toEqual(['ENV A=1', 'USER 1'])
  })

  test('changes nothing of it', () => {
    const base = emptyState(amd64, 'scratch')
    setEnv(base, 'A', '1')
    const [left, right] = [stateFromStage(base), stateFromStage(base)]
    setEnv(left, 'A', 'left')
    setEnv(left, 'B', 'left')
    addTo(right, 'Labels', 'l', 'right')
    right.config.User = 'right'
    right.onBuild.push('RUN x')
    expect(stageConfig(base)).toEqual({ WorkingDir: '/', Env: ['A=1'] })
    expect(stageConfig(left)).toEqual({ WorkingDir: '/', Env: ['A=left', 'B=left'] })
    expect(stageConfig(right)).toEqual({
      WorkingDir: '/',
      Env: ['A=1'],
      Labels: { l: 'right' },
      User: 'right',
      OnBuild: ['RUN x'],
    })
  })

  test('sees variables of the image that an ARG there hid, and the ARGs that hid nothing', () => {
    const base = imageState({ Env: ['A=image', 'B=image', 'C=image'] })
    setEnv(base, 'D', 'stage')
    for (const name of ['A', 'B', 'D', 'E']) setArg(base, name, 'arg')
    setEnv(base, 'B', 'stage')
    expect(Object.fromEntries(takeScope(base).env)).toEqual({ A: 'arg', B: 'stage', C: 'image', D: 'arg', E: 'arg' })
    const seen = Object.fromEntries(takeScope(stateFromStage(base)).env)
    expect(seen).toEqual({ A: 'image', B: 'stage', C: 'image', D: 'stage', E: 'arg' })
  })
})

describe('an image', () => {
  test('keeps the order of its variables, those that it has twice included', () => {
    const state = imageState({ Env: ['A=1', 'B=2', 'A=3', 'BARE'], Labels: { x: '1' } })
    setEnv(state, 'C', '4')
    setEnv(state, 'A', '5')
    addTo(state, 'Labels', '__proto__', '2')
    expect(stageConfig(state).Env).toEqual(['A=5', 'B=2', 'A=3', 'BARE', 'C=4'])
    expect(Object.entries(stageConfig(state).Labels ?? {})).toEqual([
      ['x', '1'],
      ['__proto__', '2'],
    ])
  })

  test.each([1, 200])('is read as often with %i stages on stages of it', async (count) => {
    let reads = 0
    const counted = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (from, key) => {
          if (typeof key === 'string' && /^\d+$|^l\d/.test(key)) reads++
          return Reflect.get(from, key) as unknown
        },
      })
    const images = {
      base: {
        Env: counted(Array.from({ length: 50 }, (_, n) => `A${n}=${n}`)),
        Labels: counted(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`l${n}`, '']))),
      },
    }
    const stages = Array.from(
      { length: count },
      (_, n) => `FROM s${n} AS s${n + 1}\nENV B=${n}\nLABEL m=${n}\nARG A0=x\n`,
    )
    const { target } = await evaluate(`FROM base AS s0\n${stages.join('')}`, { images })
    expect(target.config.Env).toHaveLength(52)
    expect(Object.keys(target.config.Labels ?? {})).toHaveLength(51)
    // Once for what is in force, and once for the result's config.
    expect(reads).toBe(2 * 50 + 50)
  })
})
