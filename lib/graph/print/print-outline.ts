// Targets and outlines as docker buildx prints them.
import type { Dockerfile } from '../../parser/types.ts'
import { listTargets } from './list-targets.ts'
import type { Outline, OutlineMount } from './outline.ts'

/** `--call=targets`: a table of names and descriptions. */
export function formatTargets(dockerfile: Dockerfile): string {
  const rows = listTargets(dockerfile).map((target) => {
    const name = target.name ?? ''
    const shown = target.default ? (name === '' ? '(default)' : `${name} (default)`) : name
    return [shown, target.description ?? '']
  })
  return table([['TARGET', 'DESCRIPTION'], ...rows], 1)
}

/** `--call=outline`: the target, then tables of its build args, secrets and SSH agents. */
export function formatOutline({ name, description, args, secrets, ssh }: Outline): string {
  const head = name === undefined && description === undefined ? [] : [['TARGET:', name ?? '(default)']]
  if (description !== undefined) head.push(['DESCRIPTION:', description])
  const argRows = args.map((arg) => [arg.name, arg.value, arg.description ?? ''])
  const section = (title: string, mounts: readonly OutlineMount[]): string =>
    part(
      [title, 'REQUIRED'],
      mounts.map((mount) => [mount.name, mount.required ? 'true' : '']),
    )
  return [
    head.length === 0 ? '' : `${table(head, 1)}\n`,
    part(['BUILD ARG', 'VALUE', 'DESCRIPTION'], argRows),
    section('SECRET', secrets),
    section('SSH', ssh),
  ].join('')
}

/** `--call=targets,format=json`, the field names being buildx's. */
export function targetsToJson(dockerfile: Dockerfile): unknown {
  const targets = listTargets(dockerfile).map((target) => ({
    name: target.name,
    default: target.default || undefined,
    description: target.description,
    base: target.base,
    platform: target.platform,
    location: location(target),
  }))
  return { targets, sources: [base64(dockerfile.file.text)] }
}

/** `--call=outline,format=json`. */
export function outlineToJson(outline: Outline, dockerfile: Dockerfile): unknown {
  const mounts = (list: readonly OutlineMount[]): unknown =>
    list.length === 0
      ? undefined
      : list.map((mount) => ({ name: mount.name, required: mount.required || undefined, location: location(mount) }))
  const args = outline.args.map((arg) => ({
    name: arg.name,
    description: arg.description,
    value: arg.value || undefined,
    location: location(arg),
  }))
  return {
    name: outline.name,
    description: outline.description,
    args: args.length === 0 ? undefined : args,
    secrets: mounts(outline.secrets),
    ssh: mounts(outline.ssh),
    sources: [base64(dockerfile.file.text)],
  }
}

const part = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? '' : `${table([header, ...rows], 3)}\n`

/** Every column but the last as wide as its widest cell and the padding. */
function table(rows: readonly (readonly string[])[], padding: number): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)) + padding)
  const cell = (text: string, column: number, last: boolean): string =>
    last ? text : text + ' '.repeat((widths?.[column] ?? 0) - [...text].length)
  return rows.map((row) => `${row.map((text, at) => cell(text, at, at === row.length - 1)).join('')}\n`).join('')
}

/** A range a line, as BuildKit counts instructions. */
function location({ startLine, endLine }: { readonly startLine: number; readonly endLine: number }): unknown {
  const lines = Array.from({ length: endLine - startLine + 1 }, (_, at) => ({ line: startLine + at }))
  return { ranges: lines.map((line) => ({ start: line, end: line })) }
}

/** UTF-8 as base64, without Node's Buffer. */
function base64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
