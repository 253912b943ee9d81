import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { apiReport } from '../../scripts/public-api.ts'

// `npm run api` writes the page anew. Review its diff as a change of the public API.
test('docs/api-report.md is the public API of today', async () => {
  await expect(apiReport()).toMatchFileSnapshot(resolve(import.meta.dirname, '../../docs/api-report.md'))
})
