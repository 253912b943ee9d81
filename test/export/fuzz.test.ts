import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TsbuildError } from '../../lib/base/errors.ts'
import { csvFields } from '../../lib/export/csv-fields.ts'
import { parseOutput } from '../../lib/export/parse-output.ts'

test('fields that are quoted come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (fields) => {
      const line = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')
      expect(csvFields(line)).toEqual(fields)
    }),
  )
})

test('any text is an output or refused', () => {
  const likely = fc
    .array(fc.constantFrom('type=oci', 'dest=x', 'tar=', ',', '"', '=', 'compression=gzip', 'name=a'))
    .map((p) => p.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string(), likely), (text) => {
      try {
        const output = parseOutput(text)
        expect(output.type === 'registry' ? output.name : output.dest).not.toBe('')
      } catch (error) {
        expect(error).toBeInstanceOf(TsbuildError)
      }
    }),
  )
})
