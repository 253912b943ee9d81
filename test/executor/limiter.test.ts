import { expect, test } from 'vitest'
import { createLimiter } from '../../lib/executor/limiter.ts'

test('no more actions run at once than allowed, and all of them run', async () => {
  const limit = createLimiter(2)
  let running = 0
  let most = 0
  const results = await Promise.all(
    Array.from({ length: 9 }, (_, n) =>
      limit(async () => {
        running++
        most = Math.max(most, running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        return n
      }),
    ),
  )
  expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(most).toBe(2)
})

test('a failure gives its place back', async () => {
  const limit = createLimiter(1)
  await expect(limit(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(limit(() => Promise.resolve('yes'))).resolves.toBe('yes')
})
