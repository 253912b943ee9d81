import { suggest } from '../../base/suggest.ts'
import type { Report } from '../syntax/syntax-node.ts'
import type { Word } from '../types.ts'
import { readCsv } from './csv.ts'
import { parseBoolean } from './parse-boolean.ts'

/** Checks a `--device=name[,required[=boolean]]`. Reports a mistake, and returns whether there is none. */
export function checkDevice(device: Word, report: Report): boolean {
  const reason = findMistake(device.value)
  if (reason) report('FLAG_INVALID', `invalid --device ${JSON.stringify(device.value)}: ${reason}`, device.span)
  return !reason
}

function findMistake(device: string): string | undefined {
  const fields = readCsv(device)
  if (typeof fields === 'string') return fields
  let name = ''
  for (const { value: field } of fields) {
    const equals = field.indexOf('=')
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase()
    const value = field.slice(equals + 1)
    if (key === 'required') {
      if (equals !== -1 && parseBoolean(value) === undefined)
        return `invalid value for required: ${JSON.stringify(value)}`
    } else if (key === 'name' && equals !== -1) {
      if (name !== '') return `the name is already set to ${JSON.stringify(name)}`
      name = value
    } else if (name === '') name = field
    else if (equals === -1) return `the field ${JSON.stringify(field)} must be key=value`
    else {
      const match = suggest(key, ['name', 'required'])
      return `unexpected key ${JSON.stringify(key)}${match ? `, did you mean ${match}?` : ''}`
    }
  }
  return undefined
}
