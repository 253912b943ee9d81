import { formatPlatform, normalisePlatform } from '../../oci/platform.ts'
import type { Platform } from '../../oci/types.ts'

/** Puts a stage and a number before the text of a step. `env` is what it sees: build args may say what it is for. */
export type StepNamer = (text: string, step: { readonly onBuild: boolean; readonly env?: Variables }) => string

type Variables = (name: string) => string | undefined

/**
 * Names the steps of a stage in their order: `[name 2/5] COPY . /src`, and with a platform `[linux/arm64 name
 * 2/5]`; where it makes something for another platform than its own, `[linux/amd64->arm64 name 2/5]`.
 */
export function createStepNamer(stageName: string, total: number, platform: Platform | undefined): StepNamer {
  const prefix = stageName === '' ? '' : `${stageName} `
  let number = 0
  return (text, { onBuild, env }) => {
    number++
    const shown = String(number).padStart(String(total).length)
    const label = platform ? `${formatPlatform(platform)}${crossTarget(platform, env)} ` : ''
    return `[${label}${prefix}${shown}/${total}] ${onBuild ? 'ONBUILD ' : ''}${text}`
  }
}

function crossTarget(own: Platform, env: Variables | undefined): string {
  const target = env && targetOf(env, own)
  if (!target || (target.os === own.os && target.architecture === own.architecture)) return ''
  if (target.os !== own.os) return `->${formatPlatform(target)}`
  return `->${[target.architecture, target.variant].filter(Boolean).join('/')}`
}

/** The platform that the build args in force name: those that a stage declares, it cares about. */
function targetOf(env: Variables, own: Platform): Platform | undefined {
  const [os, architecture, variant] = (env('TARGETPLATFORM') ?? '').split('/')
  const parts = {
    os: os || env('TARGETOS'),
    architecture: architecture || env('TARGETARCH'),
    variant: variant || env('TARGETVARIANT'),
  }
  if (!parts.os && !parts.architecture) return undefined
  return normalisePlatform({
    os: parts.os || own.os,
    architecture: parts.architecture || own.architecture,
    ...(parts.variant ? { variant: parts.variant } : {}),
  })
}
